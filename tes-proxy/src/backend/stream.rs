//! A backend's bytes on their way to the caller: counted, asked for again, ended when they must, recorded at the end.

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures::{future::BoxFuture, stream};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use audit_log::Ended;
use visa_verifier::seam::Timestamp;

use crate::{
    gate::{Gate, Live},
    limits,
};

/// Called once, with the bytes that went out and how it ended.
type OnEnd = Box<dyn FnOnce(u64, Ended) + Send + Sync>;

/// What a stream is watched by.
pub(crate) struct Watch {
    /// Its place in the ledger of live permits.
    pub(crate) live: Live,
    /// Is it still permitted? Asked every 64 MiB or 5 s of it, beside the sweep's stop.
    pub(crate) ask: Box<dyn Fn() -> BoxFuture<'static, Option<Ended>> + Send + Sync>,
    /// Bytes go out: may they (budget)?
    pub(crate) spend: Box<dyn FnMut(u64) -> bool + Send + Sync>,
    /// Records the end.
    pub(crate) end: Ending,
}

impl Watch {
    /// Of a person's stream: over with its decision, with what it rests on, and when nobody knows whether that stands.
    pub(crate) fn of_person(gate: Gate, live: Live, ends: Timestamp, end: Ending) -> Self {
        Self {
            live,
            ask: Box::new(move || Box::pin(std::future::ready(gate.ended(ends)))),
            spend: Box::new(|_| true),
            end,
        }
    }
}

/// Records the end exactly once: when it is told, or when the stream is dropped.
pub(crate) struct Ending {
    bytes: u64,
    on_end: Option<OnEnd>,
}

impl Ending {
    /// Calls `on_end` when the stream is over.
    pub(crate) fn new(on_end: OnEnd) -> Self {
        Self {
            bytes: 0,
            on_end: Some(on_end),
        }
    }

    /// There is no body: it is over.
    pub(crate) fn complete(mut self) {
        self.tell(Ended::Complete);
    }

    fn tell(&mut self, how: Ended) {
        if let Some(on_end) = self.on_end.take() {
            on_end(self.bytes, how);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.tell(Ended::Aborted);
    }
}

struct State<B> {
    body: B,
    watch: Watch,
    asked_at: Instant,
    asked_bytes: u64,
    over: bool,
}

/// The caller's side of the stream was cut; what it holds is incomplete.
#[derive(Debug, thiserror::Error)]
#[error("the stream was ended")]
pub(crate) struct Cut;

/// Wraps a backend's body, or that of a file.
pub(crate) fn watched<B>(body: B, watch: Watch) -> Body
where
    B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Send,
{
    let state = State {
        body,
        watch,
        asked_at: Instant::now(),
        asked_bytes: 0,
        over: false,
    };
    Body::from_stream(stream::unfold(state, |mut state| async move {
        if state.over {
            return None;
        }
        let piece = next(&mut state).await;
        match piece {
            Some(Ok(bytes)) => Some((Ok(bytes), state)),
            Some(Err(how)) => {
                state.over = true;
                state.watch.end.tell(how);
                Some((Err(Cut), state))
            }
            None => {
                state.watch.end.tell(Ended::Complete);
                None
            }
        }
    }))
}

async fn next<B>(state: &mut State<B>) -> Option<Result<Bytes, Ended>>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    loop {
        let asked_long_ago = state.asked_at.elapsed() >= limits::STREAM_ASK_TIME;
        let asked_far_ago = state.watch.end.bytes.saturating_sub(state.asked_bytes) >= limits::STREAM_ASK_BYTES;
        if asked_long_ago || asked_far_ago {
            if let Some(how) = (state.watch.ask)().await {
                return Some(Err(how));
            }
            state.asked_at = Instant::now();
            state.asked_bytes = state.watch.end.bytes;
        }
        let (live, body) = (&state.watch.live, &mut state.body);
        let frame = tokio::select! {
            biased;
            () = live.gone() => return Some(Err(Ended::Withdrawn)),
            frame = timeout(limits::STREAM_IDLE, body.frame()) => frame,
        };
        match frame {
            Err(_) | Ok(Some(Err(_))) => return Some(Err(Ended::Failed)),
            Ok(None) => return None,
            // trailers are dropped (E42)
            Ok(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else { continue };
                let count = bytes.len() as u64;
                if !(state.watch.spend)(count) {
                    return Some(Err(Ended::Budget));
                }
                state.watch.end.bytes = state.watch.end.bytes.saturating_add(count);
                return Some(Ok(bytes));
            }
        }
    }
}
