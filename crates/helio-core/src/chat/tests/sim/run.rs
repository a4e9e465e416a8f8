//! One run of a script, and what must hold after each step and at the end.

use super::model::{Expect, Model, Room, Stage};
use super::population::{Step, What};
use super::world::World;
use crate::chat::state::{self, ListKind, MetadataOwner, RoomFlag, Statuses};
use crate::chat::{AccountRegistration, Settings};
use crate::rng::Rng;
use crate::time::{Now, Utc};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

pub(super) fn run(steps: &[Step]) -> Result<(), String> {
    heard(steps).map(|_| ())
}

/// The same; returns how often clients heard what.
pub(super) fn heard(steps: &[Step]) -> Result<BTreeMap<String, usize>, String> {
    let mut world = World::new(generous(), 0);
    for (number, step) in steps.iter().enumerate() {
        world.rng = Rng::from_seed(step.seed);
        take(&mut world, &step.what)?;
        world.write_some(0.7)?;
        check(&world)?;
        if number % 8 == 0 {
            world.chat.check_bounds();
            check_clients(&world)?;
        }
    }
    finish(&mut world)?;
    Ok(world.model.heard)
}

/// Every capability that can be offered is.
fn generous() -> Settings {
    Settings { registration: AccountRegistration::Open, ..Settings::new("heliograph-test") }
}

fn take(world: &mut World, what: &What) -> Result<(), String> {
    match what {
        What::Connect { slot, newcomer } => world.connect(*slot, newcomer),
        What::Send { slot, lines, is_pushy } => world.send(*slot, lines.as_bytes(), *is_pushy),
        What::Cut { slot, lines, at } => world.cut(*slot, lines.as_bytes(), *at),
        What::Stall { slot, room } => world.stall(*slot, *room),
        What::Pass { millis, is_jump } => world.pass(Duration::from_millis(*millis), *is_jump),
        What::SetClock { seconds } => {
            let Now { utc, .. } = world.model.now;
            world.model.now.utc = Utc::from_micros(utc.micros() + seconds * 1_000_000);
            Ok(())
        }
        What::Work { requests } => world.work(*requests),
        What::Disk { is_broken } => {
            world.store.is_broken = *is_broken;
            Ok(())
        }
        What::PowerOff { is_snapshot } => world.power_off(*is_snapshot),
        // The greatest replay must fit into the queue.
        What::Replay { messages } => world.change_settings(|settings| {
            settings.replay.messages = (*messages).min(settings.send_queue / 2_400);
        }),
        What::SendQueue { bytes } => world.change_settings(|settings| {
            settings.send_queue = *bytes;
            settings.replay.messages = settings.replay.messages.min(5);
        }),
        What::KeepRooms { hours } => {
            world.change_settings(|settings| settings.keep_empty_rooms = Duration::from_hours(*hours))
        }
    }
}

/// The disk works again, everybody reads, and all that is under way comes to its end.
fn finish(world: &mut World) -> Result<(), String> {
    world.store.is_broken = false;
    for _ in 0..4 {
        for slot in 0..super::population::SLOTS {
            world.stall(slot, None)?;
        }
        world.work(usize::MAX)?;
        // What waits under flood control has its turn too.
        world.pass(Duration::from_secs(15), false)?;
        world.write_all()?;
    }
    world.work(usize::MAX)?;
    world.write_all()?;
    check(world)?;
    world.chat.check_bounds();
    check_clients(world)?;
    if !world.store.is_idle() {
        return Err("the disk never came to its end".into());
    }
    world.store.check_erased(&world.model)?;
    for (conn, link) in &world.links {
        link.client.check_answers(*conn, &world.model)?;
    }
    let kept: Vec<_> = world.store.rooms()?.iter().map(settings).collect();
    let lasting: Vec<_> = world.model.rooms.values().filter(|room| room.is_lasting).map(settings).collect();
    if kept == lasting { Ok(()) } else { Err(format!("the disk has {kept:?}, true is {lasting:?}")) }
}

/// What must hold after every step.
fn check(world: &World) -> Result<(), String> {
    check_rooms(world)?;
    for (conn, link) in &world.links {
        let has_all = world.chat.sessions.get(link.id).is_some_and(|session| session.out.is_empty());
        let person = &world.model.people[conn];
        let is_sure = |expect: &&Expect| !(world.model.has_lost && matches!(expect, Expect::IfKept { .. }));
        let missing = person.expects.iter().find(is_sure).filter(|_| has_all && !person.is_closing());
        if let Some(missing) = missing {
            return Err(format!("{conn} ({}) never saw {missing:?}", person.name()));
        }
    }
    Ok(())
}

/// What clients made of their rooms, where nothing is on its way to them.
fn check_clients(world: &World) -> Result<(), String> {
    for (conn, link) in &world.links {
        let person = &world.model.people[conn];
        let session = world.chat.sessions.get(link.id);
        let has_all = session.is_some_and(|session| session.out.is_empty() && session.answering.is_empty());
        let is_told = has_all && person.expects.is_empty() && link.client.is_between_lines();
        if person.stage == Stage::Here && !person.is_guest && is_told {
            link.client.mirror.check(*conn, &world.model)?;
        }
    }
    Ok(())
}

/// The rooms of the service are those of the model.
fn check_rooms(world: &World) -> Result<(), String> {
    let truth: Vec<_> = world.model.rooms.values().map(|room| (settings(room), members(room, &world.model))).collect();
    let found: Vec<_> = world.chat.state.rooms.values().map(|room| read(world, room)).collect();
    let difference = truth.iter().zip(&found).find(|(truth, found)| truth != found);
    match difference {
        Some((truth, found)) => Err(format!("there is {found:?}, should be {truth:?}")),
        None if truth.len() == found.len() => Ok(()),
        None => Err(format!("rooms are {found:?}, should be {truth:?}")),
    }
}

type Members = BTreeMap<String, BTreeSet<char>>;

fn read(world: &World, room: &state::Room) -> (Room, Members) {
    let flags = RoomFlag::TABLE.into_iter().filter(|(flag, _)| room.has(*flag)).map(|(_, letter)| letter).collect();
    let lists = ListKind::TABLE
        .into_iter()
        .flat_map(|(kind, letter)| room.list(kind).iter().map(move |entry| (letter, entry.mask.clone())));
    let members = room.members.iter().map(|(user, member)| {
        let statuses = Statuses::TABLE.into_iter().filter(|(status, ..)| member.statuses.contains(*status));
        let nick = world.chat.state.user(*user).map(|user| user.nick.clone());
        (nick.unwrap_or_default(), statuses.map(|(_, letter, _)| letter).collect())
    });
    let values = world.chat.state.metadata.get(&MetadataOwner::Room(room.id.clone()));
    let found = Room {
        name: room.name.clone(),
        topic: room.topic.as_ref().map_or(String::new(), |topic| topic.text.to_string()),
        flags,
        key: room.key.clone(),
        limit: room.limit.map(|limit| limit as usize),
        lists: lists.collect(),
        values: values.cloned().unwrap_or_default(),
        is_lasting: room.is_lasting,
        ..Room::default()
    };
    (found, members.collect())
}

/// What of a room is set, without who is there.
fn settings(room: &Room) -> Room {
    Room { number: 0, members: BTreeMap::new(), empty_since: None, log: None, ..room.clone() }
}

fn members(room: &Room, model: &Model) -> Members {
    room.members.iter().map(|(conn, statuses)| (model.nick_of(*conn), statuses.clone())).collect()
}
