//! Streams as they are sent: what they show goes on as their events are read.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;
use futures_util::stream;
use serde_json::Map;
use tokio::sync::watch;

use crate::broken_body::{broken, stopped};
use crate::context::Context;
use crate::framing::Framer;
use crate::leg::{Leg, Tick};
use crate::query::Query;
use crate::service::{Routed, Shared};
use crate::store::Store;

/// How many pieces of a message are written at a time if nothing pauses: long streams are faster
/// so, and nobody can tell.
const PIECES: usize = 32;

/// A leg as it is sent.
struct Live {
    shared: Arc<Shared>,
    store: Arc<Mutex<Store>>,
    /// Tells that something may have happened to the run.
    changes: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    routed: Routed,
    leg: Leg,
    framer: Framer,
    is_first: bool,
    /// Whether nothing is waited for any more.
    is_hurried: bool,
    /// Whether the connection is broken off.
    is_broken: bool,
}

/// The body of an answer that streams a run.
pub(crate) fn body(
    shared: Arc<Shared>,
    store: Arc<Mutex<Store>>,
    changes: watch::Receiver<()>,
    routed: &Routed,
    mut leg: Leg,
) -> Body {
    let framing = leg.framing().cloned().unwrap_or_else(|| shared.framing.clone());
    leg.learn(&framing);
    if framing.wait().is_zero() {
        leg.write_at_once(PIECES);
    }
    let live = Live {
        stopping: shared.stopping.subscribe(),
        shared,
        store,
        changes,
        routed: routed.clone(),
        leg,
        framer: Framer::new(framing),
        is_first: true,
        is_hurried: false,
        is_broken: false,
    };
    Body::from_stream(stream::unfold(live, |mut live| async move {
        let chunk = live.chunk().await?;
        Some((chunk, live))
    }))
}

impl Live {
    /// The next chunk, none at the end.
    async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        if self.is_broken || (self.leg.has_shown_all() && self.framer.is_empty()) {
            return None;
        }
        let mut has_paused = false;
        if !self.is_first {
            let pause = self.framer.framing().wait();
            has_paused = !pause.is_zero() && !self.is_hurried;
            if has_paused && !self.wait(Some(pause)).await {
                return Some(self.break_off());
            }
        }
        self.is_first = false;
        loop {
            if let Some(chunk) = self.framer.chunk(self.leg.has_shown_all()) {
                return Some(Ok(chunk));
            }
            match self.tick() {
                Tick::Happened(event) => self.framer.push(&event),
                Tick::Over => return None,
                Tick::Waits => {
                    // What is there goes out before a silence.
                    if let Some(chunk) = self.framer.chunk(true) {
                        return Some(Ok(chunk));
                    }
                    let beat = self.framer.framing().beat();
                    if !has_paused && !self.wait(beat).await {
                        return Some(self.break_off());
                    }
                    has_paused = false;
                    if beat.is_some() {
                        self.framer.keep_alive();
                    }
                }
            }
        }
    }

    /// Waits so long, or for ever, but no longer than until the run is cancelled or gone; false if
    /// the emulator stopped meanwhile.
    async fn wait(&mut self, time: Option<Duration>) -> bool {
        let over = async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        let mut over = std::pin::pin!(over);
        loop {
            if self.is_cancelled() {
                self.is_hurried = true;
                return true;
            }
            tokio::select! {
                () = &mut over => return true,
                () = stopped(self.stopping.clone()) => return false,
                changed = self.changes.changed() => if changed.is_err() {
                    return false;
                },
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        self.leg.is_cancelled(&store)
    }

    fn break_off(&mut self) -> io::Result<Bytes> {
        self.is_broken = true;
        Err(broken())
    }

    fn tick(&mut self) -> Tick {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let query = Query::default();
        self.leg.tick(&mut Context {
            document: self.routed.document,
            operation: self.routed.operation,
            parameters: Vec::new(),
            query: &query,
            body: Map::new(),
            uploads: Vec::new(),
            headers: &HeaderMap::new(),
            agent: None,
            project: &self.routed.project,
            store: &mut store,
            blobs: &self.shared.blobs,
            rules: &self.shared.rules,
            now: self.shared.clock.now().timestamp(),
            origin: &self.shared.origin,
            url: String::new(),
            page_size: None,
        })
    }
}
