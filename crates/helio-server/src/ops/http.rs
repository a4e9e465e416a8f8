//! Metrics and health over HTTP, for a collector and a load balancer on this machine.
//!
//! | Path | Answers |
//! |---|---|
//! | `/metrics` | all numbers, in the text format of OpenMetrics 1.0 |
//! | `/healthz` | 200 while nothing is stuck, else 503 and why: start the program again |
//! | `/readyz` | 200 when messages are taken, else 503 and why: send people elsewhere, do not start it again |
//!
//! GET and HEAD only. Each connection brings one request, in [`limits::METRICS_REQUEST_TIMEOUT`].

use super::table::Metric;
use super::{Ops, metrics, process};
use crate::event::EventKind;
use crate::service::Context as Service;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use helio_core::limits;
use helio_net::conn::Connection;
use helio_net::listen::{Incoming, Listener};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// OpenMetrics 1.0, "Content type".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers on `listeners` until the program has ended: also while it stops, so that this can be seen. `store` is the directory
/// whose size is told.
pub fn serve(context: &Service, listeners: Vec<Listener>, store: Option<PathBuf>) {
    let permits = Arc::new(Semaphore::new(limits::METRICS_CONNECTIONS));
    for listener in listeners {
        let door = OpsDoor { service: context.clone(), listener: listener.with_permits(permits.clone()) };
        let app = Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(health))
            .route("/readyz", get(readiness))
            .with_state(context.clone());
        tokio::spawn(async move { axum::serve(door, app).await });
    }
    if let Some(store) = store {
        tokio::spawn(sample(context.ops.clone(), store));
    }
}

/// Looks at the size of the store now and then. On a thread where waiting hurts nobody, one at a time: the disk may hang.
async fn sample(ops: Arc<Ops>, store: PathBuf) {
    loop {
        let (ops, store) = (ops.clone(), store.clone());
        let _ = tokio::task::spawn_blocking(move || process::sample_store(&ops.metrics, &store)).await;
        tokio::time::sleep(limits::METRICS_SAMPLE_INTERVAL).await;
    }
}

async fn metrics(State(service): State<Service>) -> Response {
    let (ops, now) = (&service.ops, service.clock.now());
    process::sample_process(&ops.metrics);
    let millis = |age: Option<std::time::Duration>| age.map_or(0, |age| age.as_millis() as u64);
    ops.metrics.set(Metric::Ready, u64::from(ops.health.not_ready(now).is_empty()));
    ops.metrics.set(Metric::HubTurnAge, millis(ops.health.hub.age(now)));
    ops.metrics.set(Metric::StoreTurnAge, millis(ops.health.keeper.age(now)));
    match metrics::text(ops) {
        Ok(text) => once(StatusCode::OK, OPEN_METRICS, text),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

async fn health(State(service): State<Service>) -> Response {
    verdict(&service.ops.health.stuck(service.clock.now()))
}

async fn readiness(State(service): State<Service>) -> Response {
    verdict(&service.ops.health.not_ready(service.clock.now()))
}

fn verdict(troubles: &[String]) -> Response {
    match troubles {
        [] => plain(StatusCode::OK, "ok\n".to_owned()),
        _ => plain(StatusCode::SERVICE_UNAVAILABLE, troubles.join("\n") + "\n"),
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    once(status, "text/plain; charset=utf-8", text)
}

fn once(status: StatusCode, kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONNECTION, "close"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text).into_response()
}

/// A listener whose connections are few and short.
struct OpsDoor {
    service: Service,
    listener: Listener,
}

/// A connection that is dropped after a while, or when its request is too long.
struct OpsConnection {
    connection: Connection,
    deadline: Pin<Box<Sleep>>,
    /// Bytes that it may still bring.
    room: usize,
    _permit: Option<OwnedSemaphorePermit>,
}

impl axum::serve::Listener for OpsDoor {
    type Io = OpsConnection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (OpsConnection, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(Incoming::Connection { connection, peer, permit }) => {
                    // No more than taking it: this door has no TLS.
                    let Ok(connection) = connection.establish().await else { continue };
                    let deadline = Box::pin(tokio::time::sleep(limits::METRICS_REQUEST_TIMEOUT));
                    let room = limits::METRICS_REQUEST;
                    return (OpsConnection { connection, deadline, room, _permit: Some(permit) }, peer);
                }
                Ok(Incoming::Short { error, retry_in }) => self.service.events.tell(EventKind::Trouble {
                    message: format!("cannot accept connections now: {error}; trying again in {retry_in:?}"),
                }),
                Err(error) => {
                    let message = format!("the listener broke and accepts no more: {error}");
                    self.service.events.tell(EventKind::Failure { message });
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local()
    }
}

impl OpsConnection {
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(cx).is_ready()
    }
}

impl AsyncRead for OpsConnection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.room == 0 {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.connection).poll_read(cx, buf);
        self.room = self.room.saturating_sub(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for OpsConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.connection).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}
