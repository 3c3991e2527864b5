//! Bytes on a socket, as no client library would send them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

/// What came back, and whether the other side closed.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    pub(crate) bytes: Vec<u8>,
    pub(crate) closed: bool,
}

impl Back {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The status of the first answer; 0 for none.
    pub(crate) fn status(&self) -> u16 {
        let text = self.text();
        let line = text.lines().next().unwrap_or_default();
        line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
    }

    /// The first status line.
    pub(crate) fn line(&self) -> String {
        self.text().lines().next().unwrap_or_default().to_owned()
    }

    /// How many answers came, `100 Continue` not counted.
    pub(crate) fn answers(&self) -> usize {
        let text = self.text();
        text.matches("HTTP/1.1 ").count() - text.matches("HTTP/1.1 100").count()
    }
}

/// Opens a socket to `http://host:port…`.
pub(crate) async fn open(url: &str) -> TcpStream {
    let address = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    TcpStream::connect(address).await.unwrap()
}

/// Reads until the other side closes, or says no more for a moment.
pub(crate) async fn read(socket: &mut TcpStream) -> Back {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        // the first byte may be long in coming; what follows is there already
        let patience = if bytes.is_empty() {
            until - Instant::now()
        } else {
            Duration::from_millis(300)
        };
        match timeout(patience, socket.read(&mut chunk)).await {
            Err(_) => return Back { bytes, closed: false },
            Ok(Ok(0) | Err(_)) => return Back { bytes, closed: true },
            Ok(Ok(more)) => bytes.extend_from_slice(chunk.get(..more).unwrap_or_default()),
        }
    }
}

/// Sends bytes and reads what comes.
pub(crate) async fn send(url: &str, bytes: &[u8]) -> Back {
    let mut socket = open(url).await;
    let _ = socket.write_all(bytes).await;
    read(&mut socket).await
}
