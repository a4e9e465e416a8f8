//! Keys, and what they ask for.

use super::*;
use crate::terminal::view::Mode;
use helio_core::chat::client::Wish;
use helio_core::chat::client::desk::{Delivery, Earlier, Found, Search, SearchState};

fn usual(desk: Desk) -> Stage {
    Stage::new(80, 24, desk)
}

fn wishes(stage: &mut Stage) -> Vec<Wish> {
    let steps = std::mem::take(&mut stage.steps).into_iter();
    let wishes = steps.filter_map(|step| if let Step::Wish(wish) = step { Some(wish) } else { None });
    wishes.filter(|wish| !matches!(wish, Wish::Typing { .. } | Wish::Read(_))).collect()
}

fn line(stage: &mut Stage, number_from_below: usize) -> String {
    let screen = stage.screen();
    let line = screen.lines().rev().nth(number_from_below).unwrap_or_default();
    line.trim_matches('|').trim_end().to_owned()
}

#[test]
fn words_and_commands_are_handed_to_the_client() {
    let mut stage = usual(talk().0);
    stage.types("hello").key(KeyCode::Enter).types("/me waves").key(KeyCode::Enter).key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), [Wish::Input("hello".to_owned()), Wish::Input("/me waves".to_owned())]);
    assert!(stage.view.composer.is_empty());
    stage.types("one").press(KeyCode::Enter, KeyModifiers::ALT).types("two").key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), [Wish::Input("one\ntwo".to_owned())]);
}

#[test]
fn what_the_client_cannot_take_stays() {
    let mut stage = usual(talk().0);
    stage.view.takes_input = false;
    stage.types("hello").key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), []);
    assert_eq!(line(&mut stage, 1), "> hello");
    assert_eq!(line(&mut stage, 3), "too much waits to be sent already; this stays here");
}

#[test]
fn typing_is_told_and_taken_back() {
    let (desk, buffer) = talk();
    let mut stage = usual(desk);
    stage.types("h").key(KeyCode::Backspace).types("/me");
    let typing = |is_typing| Step::Wish(Wish::Typing { buffer, is_typing });
    assert_eq!(stage.steps, [typing(true), typing(false)]);
}

#[test]
fn a_reply_names_what_it_answers() {
    let (desk, buffer) = talk();
    let ben = desk.buffer(buffer).unwrap().entries().nth(1).unwrap().id;
    let mut stage = usual(desk);
    stage.ctrl(KeyCode::Up).key(KeyCode::Up).key(KeyCode::Up).types("r").types("yes").key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), [Wish::Say { buffer, text: "yes".to_owned(), reply_to: Some(ben) }]);
    assert_eq!(stage.view.reply, None, "the next message is none");
}

#[test]
fn reactions_by_number_and_by_name_and_taking_back_asks() {
    let (desk, buffer) = talk();
    let entry = desk.buffer(buffer).unwrap().entries().last().unwrap().id;
    let react = |text: &str| Wish::React { buffer, entry, text: text.to_owned() };
    let mut stage = usual(desk);
    stage.ctrl(KeyCode::Up).types("e4").ctrl(KeyCode::Up).types("e:rock").key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), [react("🎉"), react("🚀")]);
    stage.ctrl(KeyCode::Up).types("dn").ctrl(KeyCode::Up).types("dy");
    assert_eq!(wishes(&mut stage), [Wish::Redact { buffer, entry, reason: String::new() }]);
}

#[test]
fn what_failed_can_be_sent_again_or_dropped() {
    let (mut desk, buffer) = talk();
    let mut failed = entry(&mut desk, 3, "ada", words("hi"));
    (failed.msgid, failed.delivery) = (None, Some(Delivery::Failed { reason: "no".to_owned() }));
    let entry = failed.id;
    desk.buffer_mut(buffer).unwrap().push_pending(failed);
    let mut stage = usual(desk);
    stage.ctrl(KeyCode::Up).types("a").ctrl(KeyCode::Up).types("d");
    assert_eq!(wishes(&mut stage), [Wish::Again { buffer, entry }, Wish::Discard { buffer, entry }]);
}

/// A pasted command is a text: nobody leaves by pasting.
#[test]
fn pasted_lines_are_sent_as_they_are_or_not_at_all() {
    let (desk, buffer) = talk();
    let mut stage = usual(desk);
    stage.paste("a\n/quit").key(KeyCode::Enter).types("y");
    assert_eq!(wishes(&mut stage), [Wish::Say { buffer, text: "a\n/quit".to_owned(), reply_to: None }]);
    stage.paste("a\nb").key(KeyCode::Esc).paste("a\nb").types("e");
    assert_eq!((wishes(&mut stage), stage.view.composer.text()), (vec![], "a\nb"));
    stage.paste("one line\n");
    assert_eq!(stage.view.composer.text(), "a\nbone line");
}

#[test]
fn rooms_are_reached_by_keys() {
    let (mut desk, tea) = talk();
    let [server, ops, zoe] = [0, 1, 3].map(|at| desk.buffers()[at].id());
    desk.buffer_mut(zoe).unwrap().unread = 2;
    let mut stage = usual(desk);
    stage.press(KeyCode::Up, KeyModifiers::ALT).ctrl(KeyCode::Char('n')).alt('1').alt('a').alt('9').alt('w');
    let expected = [Wish::Show(ops), Wish::Show(zoe), Wish::Show(server), Wish::Show(zoe), Wish::Close(tea)];
    assert_eq!(wishes(&mut stage), expected);
}

/// What is typed in one room stays there.
#[test]
fn every_room_keeps_its_draft() {
    let (desk, tea) = talk();
    let ops = desk.named("#ops").unwrap().id();
    let mut stage = usual(desk);
    stage.types("for tea");
    stage.desk.show(ops);
    assert_eq!(line(&mut stage, 1), ">");
    stage.desk.show(tea);
    assert_eq!(line(&mut stage, 1), "> for tea");
}

#[test]
fn completion_offers_and_turns() {
    let mut stage = usual(talk().0);
    stage.types("m").key(KeyCode::Tab);
    assert_eq!(stage.view.composer.text(), "mina: ");
    stage.types("see :tea").key(KeyCode::Tab);
    assert_eq!(stage.view.composer.text(), "mina: see 🍵 ");
    stage.ctrl(KeyCode::Char('u')).types("/na").key(KeyCode::Tab);
    assert_eq!(stage.view.composer.text(), "/names ");
    stage.ctrl(KeyCode::Char('u')).types("/re").key(KeyCode::Tab).key(KeyCode::Tab);
    assert_eq!(stage.view.composer.text(), "/redact ");
    assert!(line(&mut stage, 3).starts_with("/react  /redact  /reply"));
}

#[test]
fn an_interrupt_gives_up_the_line_and_twice_leaves() {
    let mut stage = usual(talk().0);
    stage.types("x").ctrl(KeyCode::Char('c'));
    assert!(stage.view.composer.is_empty());
    stage.steps.clear();
    stage.ctrl(KeyCode::Char('c')).types("y").ctrl(KeyCode::Char('c')).ctrl(KeyCode::Char('c'));
    assert!(!stage.steps.contains(&Step::Quit));
    stage.ctrl(KeyCode::Char('c'));
    assert_eq!(stage.steps.last(), Some(&Step::Quit));
}

/// A room with more than a screen.
fn long() -> (Desk, BufferId) {
    let (mut desk, id) = tea();
    for number in 0..100 {
        say(&mut desk, id, number, "ben", &format!("line {number}"));
    }
    (desk, id)
}

#[test]
fn pages_turn_and_earlier_messages_are_asked_for_in_time() {
    let (mut desk, id) = long();
    desk.buffer_mut(id).unwrap().earlier = Earlier::Possible;
    let mut stage = usual(desk);
    stage.key(KeyCode::PageUp).key(KeyCode::PageUp);
    assert_eq!(wishes(&mut stage), [Wish::Earlier(id)]);
    assert_eq!(line(&mut stage, 3), "36 further down; Esc goes there");
    assert!(line(&mut stage, 4).ends_with("line 63"));
    stage.key(KeyCode::PageDown).key(KeyCode::PageDown);
    assert!(line(&mut stage, 4).ends_with("line 99"));
}

/// What comes while one reads above moves nothing, whether it comes before or behind.
#[test]
fn reading_is_not_disturbed() {
    let (desk, id) = long();
    let mut stage = usual(desk);
    stage.key(KeyCode::PageUp);
    let before = line(&mut stage, 4);
    say(&mut stage.desk, id, 100, "zoe", "new");
    let earlier = entry(&mut stage.desk, -5, "zoe", words("old"));
    stage.desk.buffer_mut(id).unwrap().insert_earlier(vec![earlier]);
    assert_eq!(line(&mut stage, 4), before);
    for _ in 0..20 {
        stage.key(KeyCode::PageUp);
    }
    assert!(stage.screen().lines().nth(2).unwrap().contains("old"), "the first one is at the top");
    stage.key(KeyCode::Esc);
    assert!(line(&mut stage, 4).ends_with("new"));
}

#[test]
fn alt_u_goes_to_the_first_unread() {
    let (mut desk, id) = long();
    let room = desk.buffer_mut(id).unwrap();
    room.mark_read(at(39));
    let mut stage = usual(desk);
    stage.alt('u');
    let screen = stage.screen();
    let rows: Vec<&str> = screen.lines().collect();
    assert!(rows[1].contains("─ new ─") && rows[2].contains("line 40"), "{screen}");
}

/// What is read is in front of a person: at the lower end, with the focus.
#[test]
fn reading_is_told_only_of_what_is_seen() {
    let (mut desk, id) = long();
    desk.buffer_mut(id).unwrap().mark_read(at(99));
    let mut stage = usual(desk);
    let read = Step::Wish(Wish::Read(id));
    let arrive = |stage: &mut Stage, minute| {
        say(&mut stage.desk, id, minute, "zoe", "new");
        stage.desk.buffer_mut(id).unwrap().unread += 1;
        stage.settle();
        std::mem::take(&mut stage.steps)
    };
    assert_eq!(arrive(&mut stage, 100), [read]);
    stage.view.handle_event(&Event::FocusLost, &stage.desk);
    assert_eq!(arrive(&mut stage, 101), []);
    assert!(stage.screen().contains("─ new ─"));
}

#[test]
fn a_mention_elsewhere_wants_attention_once() {
    let (mut desk, _) = talk();
    let zoe = desk.named("zoe").unwrap().id();
    let mut stage = usual(desk.clone());
    let mut mention = entry(&mut desk, 9, "zoe", words("\u{2}psst\u{2}\u{7}"));
    mention.is_mention = true;
    stage.desk.buffer_mut(zoe).unwrap().push(mention);
    let private = stage.desk.buffer_mut(zoe).unwrap();
    (private.unread, private.mentions) = (1, 1);
    stage.settle();
    stage.settle();
    let notices: Vec<_> = stage.steps.iter().filter(|step| matches!(step, Step::Notice(_))).collect();
    let [Step::Notice(notice)] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((notice.title.as_str(), notice.body.as_str()), ("zoe", "psst␇"));
}

#[test]
fn what_was_found_is_gone_to() {
    let (mut desk, id) = long();
    let ops = desk.named("#ops").unwrap().id();
    let entry = desk.buffer(id).unwrap().entries().nth(3).unwrap().clone();
    let found = [3, 9].map(|minute| Found { place: "#tea".to_owned(), entry: told_again(&mut desk, minute, &entry) });
    desk.search =
        Some(Search { words: "line".to_owned(), within: None, state: SearchState::Done, found: found.to_vec() });
    desk.show(ops);
    let mut stage = usual(desk);
    stage.key(KeyCode::Up).key(KeyCode::Enter);
    assert_eq!(wishes(&mut stage), [Wish::CloseSearch, Wish::Show(id)]);
    stage.desk.search = None;
    stage.desk.show(id);
    assert!(stage.screen().lines().nth(1).unwrap().contains("line 3 "));
    assert_eq!(stage.view.mode, Mode::Pick { entry: entry.id });
}

/// The same message as the server tells it again, under its minute's id.
fn told_again(desk: &mut Desk, minute: i64, like: &Entry) -> Entry {
    entry(desk, minute, &like.author, like.what.clone())
}

#[test]
fn another_size_is_drawn_whole() {
    let mut stage = usual(talk().0);
    stage.types("hello");
    for (width, height) in [(120, 40), (60, 20), (20, 5), (3, 2), (1, 1), (80, 24)] {
        let screen = stage.resize(width, height).screen();
        assert!(
            screen.lines().take(usize::from(height)).all(|row| text_width(row) == usize::from(width) + 2),
            "{screen}"
        );
    }
}

#[test]
fn a_long_text_grows_upwards_and_keeps_its_cursor() {
    let mut stage = usual(talk().0);
    stage.types(&"word ".repeat(30));
    assert!(line(&mut stage, 2).starts_with("> word") && line(&mut stage, 1).starts_with("  "));
    assert!(stage.screen().ends_with("cursor 75,23"), "{}", stage.screen());
}
