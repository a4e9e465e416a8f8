//! Where the parts of the screen are, for every size.

use helio_core::limits;
use ratatui::layout::{Rect, Size};

/// Which sides were asked for; `None`: as there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) rooms: Option<bool>,
    pub(super) people: Option<bool>,
}

/// The parts. Those for which there is no room are empty, sides that are folded away absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) title: Rect,
    pub(super) rooms: Option<Rect>,
    pub(super) talk: Rect,
    pub(super) people: Option<Rect>,
    /// Who is typing, what is being answered, what a key would do.
    pub(super) hint: Rect,
    pub(super) status: Rect,
    pub(super) input: Rect,
}

/// Columns from which the rooms are shown beside the messages, and those from which the people are.
const ROOMS_FROM: u16 = 76;
const PEOPLE_FROM: u16 = 96;

/// Columns that the messages keep whatever is asked for.
const TALK: u16 = 34;

impl Areas {
    /// Areas of a screen of this size, where `input_rows` would like to be typed, and where there are people to show.
    pub(super) fn of(size: Size, sides: Sides, input_rows: usize, has_people: bool) -> Self {
        let Size { width, height } = size;
        let most = (height / 3).clamp(1, limits::TERMINAL_INPUT_ROWS);
        let input_rows = u16::try_from(input_rows).unwrap_or(most).clamp(1, most);
        let mut top = 0;
        let mut line = |rows: u16| {
            let rows = rows.min(height - top);
            let area = Rect::new(0, top, width, rows);
            top += rows;
            area
        };
        let below = input_rows + 2;
        let title = line(u16::from(height > below + 1));
        let middle = line(height.saturating_sub(below + title.height));
        let (hint, status) = (line(u16::from(height > input_rows + 1)), line(u16::from(height > input_rows)));
        let input = line(input_rows);
        let (mut talk, mut rooms, mut people) = (middle, None, None);
        let has_side = |asked: Option<bool>, from| asked.unwrap_or(width >= from);
        let side = if width >= 110 { 20 } else { 16 };
        if has_side(sides.rooms, ROOMS_FROM) && talk.width >= TALK + side {
            rooms = Some(Rect { width: side, ..talk });
            talk = Rect { x: talk.x + side, width: talk.width - side, ..talk };
        }
        if has_people && has_side(sides.people, PEOPLE_FROM) && talk.width >= TALK + side {
            talk.width -= side;
            people = Some(Rect { x: talk.right(), width: side, ..talk });
        }
        Self { title, rooms, talk, people, hint, status, input }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(width: u16, height: u16) -> Areas {
        Areas::of(Size { width, height }, Sides::default(), 1, true)
    }

    #[test]
    fn sides_fold_away_as_it_gets_narrow() {
        let sides = |areas: Areas| (areas.rooms.is_some(), areas.people.is_some(), areas.talk.width);
        assert_eq!(sides(of(60, 20)), (false, false, 60));
        assert_eq!(sides(of(80, 24)), (true, false, 64));
        assert_eq!(sides(of(120, 40)), (true, true, 80));
    }

    proptest! {
        #[test]
        fn parts_fill_the_screen_and_do_not_overlap(width in 0u16..200, height in 0u16..60, input in 0usize..40, rooms: Option<bool>, people: Option<bool>) {
            let size = Size { width, height };
            let areas = Areas::of(size, Sides { rooms, people }, input, true);
            let parts = [Some(areas.title), areas.rooms, Some(areas.talk), areas.people, Some(areas.hint), Some(areas.status), Some(areas.input)];
            let parts: Vec<Rect> = parts.into_iter().flatten().collect();
            prop_assert_eq!(parts.iter().map(|part| part.area()).sum::<u32>(), u32::from(width) * u32::from(height));
            for (at, part) in parts.iter().enumerate() {
                prop_assert!(part.right() <= width && part.bottom() <= height);
                prop_assert!(parts[at + 1..].iter().all(|other| !part.intersects(*other)));
            }
        }
    }
}
