//! Ask, tell, send on: once, or again and again.

use super::sink::{Sent, Sink};
use super::source::{Located, Source, WeatherError};
use helio_core::feed::weather::{Report, Schedule};
use helio_net::clock::Clock;
use std::pin::pin;
use std::time::Duration;

/// What happened, in order.
#[derive(Debug)]
pub enum Event {
    /// A name was looked up.
    Located(Located),
    /// There is an observation.
    Observed(Box<Report>),
    /// It was sent on.
    Sent(Sent),
    /// Something failed that will be tried again.
    Failed {
        /// What failed.
        error: WeatherError,
        /// Time until the next try.
        retry_in: Duration,
    },
}

/// How work ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All was done.
    Done,
    /// It was told to stop.
    Stopped,
}

/// One observation, sent to `sink` if there is one; ends early when `stop` completes.
///
/// # Errors
/// Whatever `tell` returns ends it; otherwise see [`WeatherError`].
pub async fn once<E: From<WeatherError>>(
    source: &mut Source,
    sink: Option<Sink>,
    stop: impl Future<Output = ()>,
    mut tell: impl FnMut(Event) -> Result<(), E>,
) -> Result<Ended, E> {
    let work = async {
        let report = observe(source, &mut tell).await??;
        tell(Event::Observed(Box::new(report.clone())))?;
        if let Some(mut sink) = sink {
            let sent = sink.send(&report).await.map_err(WeatherError::from)?;
            sink.close().await.map_err(WeatherError::from)?;
            tell(Event::Sent(sent))?;
        }
        Ok(Ended::Done)
    };
    tokio::select! {
        result = work => result,
        () = stop => Ok(Ended::Stopped),
    }
}

/// An observation every `every`, sent to `sink` if there is one, until `stop` completes; the sink is then closed.
/// Failures are told and tried again as [`Schedule`] says, except those that cannot change.
///
/// # Errors
/// Whatever `tell` returns ends it, and a [`WeatherError`] that [is permanent](WeatherError::is_permanent).
pub async fn repeat<E: From<WeatherError>>(
    source: &mut Source,
    mut sink: Option<Sink>,
    every: Duration,
    stop: impl Future<Output = ()>,
    mut tell: impl FnMut(Event) -> Result<(), E>,
) -> Result<Ended, E> {
    let clock = Clock::start();
    let mut schedule = Schedule::new(every, clock.now());
    let mut stop = pin!(stop);
    loop {
        let due = schedule.poll_timeout();
        tokio::select! {
            () = &mut stop => break,
            error = lost(&mut sink) => tell(Event::Failed { error, retry_in: due.since(clock.now()) })?,
            () = tokio::time::sleep_until(clock.deadline(due)) => tokio::select! {
                () = &mut stop => break,
                result = round(source, sink.as_mut(), &mut schedule, clock, &mut tell) => result?,
            },
        }
    }
    if let Some(sink) = sink {
        // Nobody waits any more for what became of the last datagram.
        let _ = sink.close().await;
    }
    Ok(Ended::Stopped)
}

/// One turn of [`repeat`], told and scheduled whatever comes of it.
async fn round<E: From<WeatherError>>(
    source: &mut Source,
    sink: Option<&mut Sink>,
    schedule: &mut Schedule,
    clock: Clock,
    tell: &mut impl FnMut(Event) -> Result<(), E>,
) -> Result<(), E> {
    let report = match observe(source, tell).await? {
        Ok(report) => report,
        Err(error) if error.is_permanent() => return Err(error.into()),
        Err(error) => {
            let now = clock.now();
            schedule.handle_failure(error.retry_after(), now);
            return tell(Event::Failed { error, retry_in: schedule.poll_timeout().since(now) });
        }
    };
    schedule.handle_answer(clock.now());
    tell(Event::Observed(Box::new(report.clone())))?;
    let Some(sink) = sink else { return Ok(()) };
    match sink.send(&report).await {
        Ok(sent) => tell(Event::Sent(sent)),
        Err(error) => {
            let retry_in = schedule.poll_timeout().since(clock.now());
            tell(Event::Failed { error: error.into(), retry_in })
        }
    }
}

/// The outer error is the teller's, the inner one the service's.
async fn observe<E>(
    source: &mut Source,
    tell: &mut impl FnMut(Event) -> Result<(), E>,
) -> Result<Result<Report, WeatherError>, E> {
    let target = match source.locate().await {
        Ok((target, None)) => target,
        Ok((target, Some(located))) => {
            tell(Event::Located(located))?;
            target
        }
        Err(error) => return Ok(Err(error)),
    };
    Ok(source.observe(target).await)
}

async fn lost(sink: &mut Option<Sink>) -> WeatherError {
    match sink {
        Some(sink) => sink.lost().await.into(),
        None => std::future::pending().await,
    }
}
