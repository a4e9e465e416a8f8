//! Many people who say and redact, come and go, gain and lose rights, judged by a model that only counts.

use super::{CAPS, say};
use crate::chat::tests::world::{Id, World};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

/// People beside Ann, who is the operator and stays. The first two come back with their accounts.
const PEOPLE: usize = 4;
const ACCOUNTS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Say { who: usize },
    Redact { who: usize, message: usize },
    Status { who: usize, change: &'static str },
    Leave { who: usize },
    Enter { who: usize },
    Reconnect { who: usize },
}

/// What the model knows of somebody.
struct Person {
    id: Id,
    /// The account, or the number of the connection.
    identity: String,
    is_inside: bool,
    statuses: BTreeSet<char>,
}

struct Message {
    msgid: String,
    text: String,
    author: String,
    is_gone: bool,
}

struct Scene {
    world: World,
    ann: Id,
    people: Vec<Person>,
    messages: Vec<Message>,
    connections: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let change = prop::sample::select(alloc::vec!["+v", "-v", "+h", "-h", "+o", "-o"]);
    prop_oneof![
        4 => who().prop_map(|who| Step::Say { who }),
        6 => (who(), 0..30_usize).prop_map(|(who, message)| Step::Redact { who, message }),
        2 => (who(), change).prop_map(|(who, change)| Step::Status { who, change }),
        1 => who().prop_map(|who| Step::Leave { who }),
        1 => who().prop_map(|who| Step::Enter { who }),
        1 => who().prop_map(|who| Step::Reconnect { who }),
    ]
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        let ann = world.user_with("ann", CAPS);
        world.say(ann, "JOIN #tea");
        let mut scene = Self { world, ann, people: Vec::new(), messages: Vec::new(), connections: 0 };
        for who in 0..PEOPLE {
            let person = scene.connect(who);
            scene.people.push(person);
        }
        scene
    }

    fn connect(&mut self, who: usize) -> Person {
        self.connections += 1;
        let id = self.world.user_with(&format!("p{who}"), CAPS);
        let mut identity = format!("connection {}", self.connections);
        if who < ACCOUNTS {
            identity = format!("account{who}");
            self.world.log_in(id, &identity);
        }
        self.world.say(id, "JOIN #tea");
        Person { id, identity, is_inside: true, statuses: BTreeSet::new() }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Say { who } if self.people[who].is_inside => {
                let text = format!("text{}.", self.messages.len());
                let msgid = say(&mut self.world, self.people[who].id, &format!("PRIVMSG #tea :{text}"));
                let author = self.people[who].identity.clone();
                self.messages.push(Message { msgid, text, author, is_gone: false });
            }
            Step::Redact { who, message } if message < self.messages.len() => self.redact(who, message),
            Step::Status { who, change } if self.people[who].is_inside => {
                self.world.say(self.ann, &format!("MODE #tea {change} p{who}"));
                let (sign, letter) = change.split_at(1);
                let letter = letter.chars().next().expect("a letter");
                let statuses = &mut self.people[who].statuses;
                if sign == "+" {
                    statuses.insert(letter)
                } else {
                    statuses.remove(&letter)
                };
            }
            Step::Leave { who } => {
                self.world.say(self.people[who].id, "PART #tea");
                (self.people[who].is_inside, self.people[who].statuses) = (false, BTreeSet::new());
            }
            Step::Enter { who } => {
                self.world.say(self.people[who].id, "JOIN #tea");
                self.people[who].is_inside = true;
            }
            Step::Reconnect { who } => {
                self.world.say(self.people[who].id, "QUIT");
                self.people[who] = self.connect(who);
            }
            Step::Say { .. } | Step::Redact { .. } | Step::Status { .. } => {}
        }
    }

    /// What the answer must hold.
    fn expected(&self, who: usize, message: usize) -> &'static str {
        let (person, message) = (&self.people[who], &self.messages[message]);
        let may = message.author == person.identity || person.statuses.iter().any(|status| "ho".contains(*status));
        match (person.is_inside, message.is_gone, may) {
            (false, ..) => " FAIL REDACT INVALID_TARGET ",
            (true, true, _) => " FAIL REDACT UNKNOWN_MSGID ",
            (true, false, false) => " FAIL REDACT REDACT_FORBIDDEN ",
            (true, false, true) => " REDACT #tea ",
        }
    }

    fn redact(&mut self, who: usize, message: usize) {
        self.world.hear_all();
        let expected = self.expected(who, message);
        let heard = self.world.ask(self.people[who].id, &format!("REDACT #tea {}", self.messages[message].msgid));
        assert!(heard.len() == 1 && heard[0].contains(expected), "{expected}: {heard:?}");
        let is_done = !expected.contains("FAIL");
        self.messages[message].is_gone |= is_done;
        let inside = self.people.iter().enumerate().filter(|(other, person)| *other != who && person.is_inside);
        let hearers: Vec<Id> = inside.map(|(_, person)| person.id).chain([self.ann]).collect();
        for id in hearers {
            let told = self.world.hear(id);
            assert_eq!(told.iter().filter(|line| line.contains(" REDACT #tea ")).count(), usize::from(is_done));
            assert_eq!(told.len(), usize::from(is_done), "{told:?}");
        }
    }

    /// What is kept, and what is shown, is what was not redacted.
    fn judge(&mut self) {
        let records = self.world.logs.values().flatten();
        let kept: String = records.map(|record| String::from_utf8_lossy(record).to_string()).collect();
        self.world.hear_all();
        let shown = self.world.ask(self.ann, "CHATHISTORY LATEST #tea * 100").concat();
        for message in &self.messages {
            assert_eq!(kept.contains(&message.text), !message.is_gone, "{} on disk", message.text);
            assert_eq!(shown.contains(&message.text), !message.is_gone, "{} in the history", message.text);
        }
        self.world.chat.check_bounds();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_redacted_is_what_the_model_says(steps in prop::collection::vec(step(), 1..60)) {
        let mut scene = Scene::new();
        steps.iter().for_each(|step| scene.take(step));
        scene.judge();
    }
}
