//! The conditions of LIST (modern.ircdocs.horse "LIST message", ISUPPORT `ELIST=CMNTU`).

use super::mask::glob;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// One condition on a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListFilter {
    /// `M`: the name matches this glob. A plain name is one too.
    Name(String),
    /// `N`, `!mask`: the name does not match.
    NotName(String),
    /// `U`, `>n`: more members than this.
    UsersAbove(u32),
    /// `U`, `<n`: fewer members than this.
    UsersBelow(u32),
    /// `C`, `C<n`: created less than this ago.
    CreatedWithin(Duration),
    /// `C`, `C>n`: created more than this ago.
    CreatedBefore(Duration),
    /// `T`, `T<n`: the topic was set less than this ago.
    TopicWithin(Duration),
    /// `T`, `T>n`: the topic was set more than this ago.
    TopicBefore(Duration),
}

/// What the conditions look at in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedRoom<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many members it has.
    pub users: usize,
    /// How long ago it was created.
    pub age: Duration,
    /// How long ago its topic was set; `None` without a topic, and then no condition on it is met.
    pub topic_age: Option<Duration>,
}

/// Why conditions were refused. The sender is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFilterError {
    /// Too many; this is the first that is.
    #[error("LIST condition {0} is one too many, limit is {limit}", limit = limits::IRC_LIST_FILTERS)]
    TooMany(String),
    /// What follows `<` or `>` is not a number.
    #[error("LIST condition {0} needs a whole number after < or >")]
    NotANumber(String),
}

impl ListFilter {
    /// Parses one parameter of LIST: conditions, masks and names between commas. Numbers of `C` and `T` are minutes.
    ///
    /// # Errors
    /// [`ListFilterError`] for more than [`limits::IRC_LIST_FILTERS`] conditions or one without its number.
    pub fn parse_list(param: &str) -> Result<Vec<Self>, ListFilterError> {
        let mut filters = Vec::new();
        for item in param.split(',').filter(|item| !item.is_empty()) {
            if filters.len() == limits::IRC_LIST_FILTERS {
                return Err(ListFilterError::TooMany(item.into()));
            }
            filters.push(Self::parse(item)?);
        }
        Ok(filters)
    }

    /// Whether LIST with these conditions shows a room: when it has one of the names, if there are any, and meets all
    /// other conditions.
    #[must_use]
    pub fn admit(filters: &[Self], room: &ListedRoom<'_>) -> bool {
        let mut names = filters.iter().filter(|filter| matches!(filter, Self::Name(_))).peekable();
        let is_named = names.peek().is_none() || names.any(|name| name.is_met(room));
        is_named && filters.iter().all(|filter| matches!(filter, Self::Name(_)) || filter.is_met(room))
    }

    fn is_met(&self, room: &ListedRoom<'_>) -> bool {
        let users = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        match self {
            Self::Name(mask) => glob(mask, room.name),
            Self::NotName(mask) => !glob(mask, room.name),
            Self::UsersAbove(limit) => room.users > users(*limit),
            Self::UsersBelow(limit) => room.users < users(*limit),
            Self::CreatedWithin(time) => room.age < *time,
            Self::CreatedBefore(time) => room.age > *time,
            Self::TopicWithin(time) => room.topic_age.is_some_and(|age| age < *time),
            Self::TopicBefore(time) => room.topic_age.is_some_and(|age| age > *time),
        }
    }

    fn parse(item: &str) -> Result<Self, ListFilterError> {
        let number = |text: &str| text.parse().map_err(|_| ListFilterError::NotANumber(item.into()));
        let minutes = |text: &str| Ok(Duration::from_secs(u64::from(number(text)?) * 60));
        let upper = item.get(..2).map(str::to_ascii_uppercase);
        let rest = item.get(2..).unwrap_or_default();
        Ok(match (upper.as_deref(), item.split_at_checked(1)) {
            (Some("C<"), _) => Self::CreatedWithin(minutes(rest)?),
            (Some("C>"), _) => Self::CreatedBefore(minutes(rest)?),
            (Some("T<"), _) => Self::TopicWithin(minutes(rest)?),
            (Some("T>"), _) => Self::TopicBefore(minutes(rest)?),
            (_, Some((">", count))) => Self::UsersAbove(number(count)?),
            (_, Some(("<", count))) => Self::UsersBelow(number(count)?),
            (_, Some(("!", mask))) => Self::NotName(mask.into()),
            _ => Self::Name(item.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_letter_of_elist() {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        assert_eq!(
            ListFilter::parse_list(">3,<10,C>60,c<5,T>1,t<0,*rust*,!#priv*,#lobby").unwrap(),
            [
                ListFilter::UsersAbove(3),
                ListFilter::UsersBelow(10),
                ListFilter::CreatedBefore(minutes(60)),
                ListFilter::CreatedWithin(minutes(5)),
                ListFilter::TopicBefore(minutes(1)),
                ListFilter::TopicWithin(minutes(0)),
                ListFilter::Name("*rust*".into()),
                ListFilter::NotName("#priv*".into()),
                ListFilter::Name("#lobby".into()),
            ]
        );
        assert_eq!(ListFilter::parse_list(",,").unwrap(), []);
    }

    /// modern.ircdocs.horse "ELIST": `C<n` is created less than n minutes ago, `C>n` more; the same for topics.
    #[test]
    fn a_room_is_shown_by_its_name_and_all_other_conditions() {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let room = ListedRoom { name: "#Rust", users: 5, age: minutes(10), topic_age: Some(minutes(3)) };
        for list in ["", "#rust", "#go,#rust", "#r*,>4", ">4,<6", "C<11,C>9", "T<4,T>2", "!#go", "#go,*st,!#x,U,<9"] {
            assert!(ListFilter::admit(&ListFilter::parse_list(list).unwrap(), &room), "{list}");
        }
        for list in ["#go", ">5", "<5", "C<10", "C>10", "T<3", "T>3", "!#r*", "#rust,>9", "!#rust,#rust"] {
            assert!(!ListFilter::admit(&ListFilter::parse_list(list).unwrap(), &room), "{list}");
        }
        let bare = ListedRoom { topic_age: None, ..room };
        for list in ["T<1", "T>1"] {
            assert!(!ListFilter::admit(&ListFilter::parse_list(list).unwrap(), &bare), "{list}");
        }
    }

    #[test]
    fn a_condition_without_its_number_is_named() {
        for item in [">", "<x", "C>", "T<-1", "C<99999999999"] {
            assert_eq!(ListFilter::parse_list(item), Err(ListFilterError::NotANumber(item.into())));
        }
    }

    #[test]
    fn there_may_be_so_many_and_not_one_more() {
        let items = |count: usize| ["*"].repeat(count).join(",");
        assert_eq!(ListFilter::parse_list(&items(limits::IRC_LIST_FILTERS)).unwrap().len(), limits::IRC_LIST_FILTERS);
        assert_eq!(
            ListFilter::parse_list(&items(limits::IRC_LIST_FILTERS + 1)),
            Err(ListFilterError::TooMany("*".into()))
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "[CT<>!*#é0-9,]{0,40}") {
            let _ = ListFilter::parse_list(&text);
        }
    }
}
