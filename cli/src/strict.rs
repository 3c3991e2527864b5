//! What comes in over HTTP/1, read strictly before the HTTP library reads it (E40): what two readers could frame
//! differently ends the connection. And a client that takes nothing of an answer any more is let go (E46).
//!
//! hyper takes a lone line feed for a line's end, drops `Content-Length` where `Transfer-Encoding` stands beside it, and
//! folds two equal lengths into one. Each is safe here and may not be to whoever stands in front of us: so none passes.

mod head;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use head::Framing;

/// How long a client may leave an answer lying before the connection ends.
const STUCK: Duration = Duration::from_secs(30);
/// How long a connection that we closed is still read, so that what the client goes on sending does not take our last
/// answer from it.
const LINGER: Duration = Duration::from_secs(1);
/// Stands where a fault was found; no HTTP/1 message holds it, so the reader behind answers 400 and closes.
const NO_MESSAGE: u8 = 0;
/// What it reads after that: the end of a head, before which it would not look.
const END: &[u8] = b"\r\n\r\n";

/// A connection that is read strictly and not waited for without end.
#[derive(Debug)]
pub(crate) struct Strict<S> {
    inner: S,
    framing: Framing,
    /// A fault was found: this is left to be read, and nothing more comes.
    over: Option<&'static [u8]>,
    /// Runs while a write waits for the client.
    stuck: Pin<Box<Sleep>>,
    waiting: bool,
    patience: Duration,
    /// When the wait for the client's own end of a closed connection is over.
    lingers: Option<Pin<Box<Sleep>>>,
}

impl<S> Strict<S> {
    /// Wraps a connection from its first byte.
    pub(crate) fn new(inner: S) -> Self {
        Self::patient(inner, STUCK)
    }

    /// The same, with another patience.
    fn patient(inner: S, patience: Duration) -> Self {
        Self {
            inner,
            framing: Framing::default(),
            over: None,
            stuck: Box::pin(sleep(patience)),
            waiting: false,
            patience,
            lingers: None,
        }
    }

    /// A write is answered, or waits: for how long?
    fn awaited<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        if !self.waiting {
            self.waiting = true;
            let until = Instant::now().checked_add(self.patience).unwrap_or_else(Instant::now);
            self.stuck.as_mut().reset(until);
        }
        ready!(self.stuck.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not take its answer",
        )))
    }
}

impl<S: AsyncRead + Unpin> Strict<S> {
    /// Reads what still comes, for a moment, and lets it go.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ends = self.lingers.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if ends.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(left) = this.over {
            let (now, later) = left.split_at(left.len().min(buf.remaining()));
            buf.put_slice(now);
            this.over = Some(later);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let came = buf.filled().get(before..).unwrap_or_default();
        if let Some(sound) = this.framing.first_fault(came) {
            tracing::debug!("a request's framing is not strict; the connection ends");
            this.over = Some(END);
            let keep = before.saturating_add(sound);
            if let Some(byte) = buf.filled_mut().get_mut(keep) {
                *byte = NO_MESSAGE;
            }
            buf.set_filled(keep.saturating_add(1));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.awaited(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.awaited(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        this.awaited(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingers.is_none() {
            let shut = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.awaited(cx, shut))?;
        }
        this.linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn e40_what_stands_behind_a_fault_is_never_seen() {
        let (mut client, server) = tokio::io::duplex(1024);
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: y\nZ: y\r\n\r\nGET /smuggled HTTP/1.1\r\n")
            .await
            .unwrap();
        let mut seen = Vec::new();
        Strict::new(server).read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, b"GET / HTTP/1.1\r\nHost: a\r\nX: y\0\r\n\r\n");
    }

    #[tokio::test]
    async fn e46_a_client_that_takes_nothing_is_let_go_and_a_slow_one_is_served() {
        const PATIENCE: Duration = Duration::from_millis(200);
        let (_held, server) = tokio::io::duplex(16);
        let mut strict = Strict::patient(server, PATIENCE);
        let started = Instant::now();
        let error = strict.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= PATIENCE);

        // longer than its patience in all, never for one piece
        let (mut client, server) = tokio::io::duplex(16);
        let mut strict = Strict::patient(server, PATIENCE);
        let reader = tokio::spawn(async move {
            for _ in 0..16 {
                sleep(PATIENCE / 8).await;
                client.read_exact(&mut [0; 4]).await.unwrap();
            }
        });
        strict.write_all(&[0; 64]).await.unwrap();
        reader.await.unwrap();
    }
}
