//! The loop around the pure parts: keys and lines in, pictures and wishes out.

use super::draw::draw;
use super::surface::{Surface, Tty};
use super::theme::Colours;
use super::view::{Step, View};
use super::{Attention, ScreenError};
use crate::chat::{ChatOptions, Driver, Ended, until};
use crossterm::event::{Event, EventStream};
use futures_util::{Stream, StreamExt as _};
use helio_core::chat::client::desk::LinkState;
use helio_core::limits;
use helio_core::time::Instant;
use helio_net::clock::Clock;
use jiff::tz::TimeZone;
use std::io;
use std::time::Duration;

/// How the screen is to be.
#[derive(Clone, Debug)]
pub struct ScreenOptions {
    /// The colours that it has.
    pub colours: Colours,
    /// Where the person is: times are shown as they are there.
    pub zone: TimeZone,
    /// Whether the mouse scrolls and chooses; then the terminal's own selecting needs Shift.
    pub has_mouse: bool,
    /// What a mention does.
    pub attention: Attention,
}

/// Talks on the terminal of this process until it is over. `stop` makes the client leave at once.
///
/// # Errors
/// [`ScreenError`]: there is no terminal, or the first connection cannot be opened.
pub async fn run(
    options: ChatOptions,
    screen: ScreenOptions,
    seed: u64,
    clock: Clock,
    stop: impl Future<Output = ()>,
) -> Result<Ended, ScreenError> {
    let mut tty = Tty::open(screen.has_mouse)?;
    let driver = Driver::new(options, seed, clock, |_| Ok(()));
    Session::new(&mut tty, screen, driver, clock)?.talk(EventStream::new(), stop).await
}

/// Everything that the loop has.
struct Session<'a, S, T> {
    surface: &'a mut S,
    view: View,
    attention: Attention,
    driver: Driver<T>,
    clock: Clock,
    /// What is shown is not what is.
    is_stale: bool,
    drawn_at: Option<Instant>,
    rung_at: Option<Instant>,
    stopped: bool,
}

/// The countdown of a lost connection, and times of what is typed, change that often.
const TICK: Duration = Duration::from_secs(1);

impl<'a, S: Surface, T> Session<'a, S, T>
where
    T: FnMut(helio_core::chat::client::Event) -> Result<(), ScreenError>,
{
    fn new(surface: &'a mut S, screen: ScreenOptions, driver: Driver<T>, clock: Clock) -> Result<Self, ScreenError> {
        let view = View::new(surface.size()?, screen.colours, screen.zone);
        let attention = screen.attention;
        let (drawn_at, rung_at) = (None, None);
        Ok(Self { surface, view, attention, driver, clock, is_stale: true, drawn_at, rung_at, stopped: false })
    }

    async fn talk(
        mut self,
        mut events: impl Stream<Item = io::Result<Event>> + Unpin,
        stop: impl Future<Output = ()>,
    ) -> Result<Ended, ScreenError> {
        let mut stop = std::pin::pin!(stop);
        loop {
            self.settle()?;
            if let Some(end) = self.driver.drain()? {
                return Ok(Ended { end, timed_out: false, stopped: self.stopped });
            }
            let wake = self.show()?;
            tokio::select! {
                // What is typed comes before what the network has, however much that is.
                biased;
                () = &mut stop, if !self.stopped => self.leave(),
                event = events.next(), if !self.stopped => match event {
                    Some(Ok(event)) => self.event(&event)?,
                    Some(Err(error)) => return Err(error.into()),
                    None => self.leave(),
                },
                happened = self.driver.link.next() => {
                    self.driver.take(happened);
                    self.is_stale = true;
                }
                () = until(self.clock, wake) => {
                    self.driver.client.handle_timeout(self.clock.read());
                    self.is_stale = true;
                }
            }
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), ScreenError> {
        self.view.takes_input = self.driver.client.takes_input();
        let steps = self.view.handle_event(event, self.driver.client.desk());
        (self.is_stale, self.drawn_at) = (true, None);
        self.carry_out(steps)
    }

    /// Lets the view see what has changed.
    fn settle(&mut self) -> Result<(), ScreenError> {
        let steps = if self.is_stale { self.view.settle(self.driver.client.desk()) } else { Vec::new() };
        self.carry_out(steps)
    }

    fn carry_out(&mut self, steps: Vec<Step>) -> Result<(), ScreenError> {
        for step in steps {
            match step {
                Step::Wish(wish) => self.driver.client.handle_wish(wish, self.clock.read()),
                Step::Notice(notice) => {
                    let now = self.clock.now();
                    if self.rung_at.is_none_or(|at| now.since(at) >= limits::TERMINAL_NOTICE) {
                        self.rung_at = Some(now);
                        self.surface.ring(&self.attention.bytes(&notice))?;
                    }
                }
                Step::Quit => self.leave(),
                Step::Redraw => self.surface.clear()?,
                Step::Suspend => self.surface.suspend()?,
            }
        }
        Ok(())
    }

    /// Draws if it is time to. When to wake for the next picture, or for the client.
    fn show(&mut self) -> Result<Option<Instant>, ScreenError> {
        let now = self.clock.read();
        let due = self.drawn_at.map(|at| at + limits::TERMINAL_FRAME).filter(|due| *due > now.mono);
        let next = match due {
            Some(due) if self.is_stale => Some(due),
            _ if self.is_stale => {
                self.view.size = self.surface.size()?;
                let (view, desk) = (&self.view, self.driver.client.desk());
                self.surface.draw(&mut |buffer| draw(buffer, view, desk, now))?;
                (self.is_stale, self.drawn_at) = (false, Some(now.mono));
                self.tick(now.mono)
            }
            _ => self.tick(now.mono),
        };
        Ok([next, self.driver.client.poll_timeout()].into_iter().flatten().min())
    }

    /// When the picture changes by itself.
    fn tick(&self, now: Instant) -> Option<Instant> {
        let desk = self.driver.client.desk();
        let is_counting = matches!(desk.link, LinkState::Waiting { .. }) || !desk.current().typing.is_empty();
        is_counting.then(|| now + TICK)
    }

    fn leave(&mut self) {
        self.stopped = true;
        self.driver.client.handle_stop(self.clock.read());
    }
}

#[cfg(test)]
mod tests;
