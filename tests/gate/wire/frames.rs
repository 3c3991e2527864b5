//! Frames and header blocks of HTTP/2, written by hand.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::raw;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// How a stream went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Went {
    Status(u16),
    /// RST_STREAM or GOAWAY with an error.
    Refused(u32),
    Closed,
    Silent,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// HPACK: literals without indexing, without Huffman.
pub(super) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in headers {
        out.push(0);
        for text in [name, value] {
            let mut length = text.len();
            if length < 127 {
                out.push(u8::try_from(length).unwrap());
            } else {
                out.push(127);
                length -= 127;
                while length >= 128 {
                    out.push(u8::try_from(length % 128).unwrap() | 128);
                    length /= 128;
                }
                out.push(u8::try_from(length).unwrap());
            }
            out.extend(text.as_bytes());
        }
    }
    out
}

/// The `:status` of a header block: one of the static table, or a literal with Huffman digits.
fn status(block: &[u8]) -> u16 {
    match block {
        [known @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(known - 0x88)],
        [_, length, rest @ ..] => {
            let text = &rest[..usize::from(length & 0x7f)];
            if length & 0x80 == 0 {
                return std::str::from_utf8(text).unwrap().parse().unwrap();
            }
            let bits: String = text.iter().map(|byte| format!("{byte:08b}")).collect();
            let (mut at, mut number) = (0, 0);
            for _ in 0..3 {
                let five = u16::from_str_radix(&bits[at..at + 5], 2).unwrap();
                if five < 3 {
                    number = number * 10 + five;
                    at += 5;
                } else {
                    number = number * 10 + u16::from_str_radix(&bits[at..at + 6], 2).unwrap() - 22;
                    at += 6;
                }
            }
            number
        }
        _ => 0,
    }
}

pub(super) struct Connection {
    pub(super) socket: TcpStream,
}

impl Connection {
    pub(super) async fn open(url: &str) -> Self {
        let mut socket = raw::open(url).await;
        socket.write_all(PREFACE).await.unwrap();
        socket.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        Self { socket }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes).await;
    }

    /// The next frame that says how stream `id` went.
    pub(super) async fn went(&mut self, id: u32) -> Went {
        loop {
            let mut head = [0; 9];
            match timeout(Duration::from_secs(10), self.socket.read_exact(&mut head)).await {
                Err(_) => return Went::Silent,
                Ok(Err(_)) => return Went::Closed,
                Ok(Ok(_)) => {}
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            if self.socket.read_exact(&mut payload).await.is_err() {
                return Went::Closed;
            }
            let code = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
            match head[3] {
                HEADERS if stream == id => return Went::Status(status(&payload)),
                RESET if stream == id => return Went::Refused(code(&payload[..4])),
                GOAWAY if code(&payload[4..8]) != 0 => return Went::Refused(code(&payload[4..8])),
                _ => {}
            }
        }
    }
}

/// One stream of a connection of its own.
pub(super) async fn one(url: &str, headers: &[(&str, &str)], data: Option<&[u8]>) -> Went {
    let mut connection = Connection::open(url).await;
    let end = if data.is_none() { END_STREAM } else { 0 };
    connection
        .write(&frame(HEADERS, END_HEADERS | end, 1, &block(headers)))
        .await;
    if let Some(data) = data {
        connection.write(&frame(DATA, END_STREAM, 1, data)).await;
    }
    connection.went(1).await
}
