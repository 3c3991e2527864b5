//! A body on its way into a file: whole or in pieces (`aws-chunked`), counted, digested, checked by what vouches for it.

use axum::body::Body;
use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use md5::{Digest, Md5};
use ring::digest;
use tokio::{fs::File, io::AsyncWriteExt, time::timeout};

use crate::limits;

use super::{
    fault::{Fault, invalid},
    sign::{Payload, Signed, hex, piece},
};

/// Bytes of one line between pieces.
const LINE: usize = 1_024;
/// Bytes of one signed piece: it is held until its signature is checked.
const PIECE: u64 = 16 << 20;

/// What came.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) sha256: String,
}

/// Writes to a file, up to `most` bytes.
struct Sink<'f> {
    file: &'f mut File,
    most: u64,
    size: u64,
    md5: Md5,
    sha256: digest::Context,
}

impl Sink<'_> {
    async fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.most {
            return Err(Fault::new(
                StatusCode::FORBIDDEN,
                "QuotaExceeded",
                "door.scratch_full",
                "the session keeps as much as it may; delete what is not needed any more",
            ));
        }
        self.md5.update(bytes);
        self.sha256.update(bytes);
        self.file.write_all(bytes).await.map_err(|error| failed(&error))
    }
}

/// The store did not take it.
pub(super) fn failed(error: &std::io::Error) -> Fault {
    tracing::error!(%error, "the scratch folder does not take or give a file");
    Fault::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalError",
        "door.scratch",
        "the node could not keep or read the object",
    )
}

fn broken() -> Fault {
    invalid("door.body", "the body broke off, or its pieces are not as announced")
}

/// Reads pieces of a body as they come.
struct Source {
    body: Body,
    held: BytesMut,
}

impl Source {
    async fn more(&mut self) -> Result<bool, Fault> {
        loop {
            let frame = timeout(limits::STREAM_IDLE, self.body.frame())
                .await
                .map_err(|_| broken())?;
            match frame {
                None => return Ok(false),
                Some(Err(_)) => return Err(broken()),
                // trailers of the connection are dropped (E42)
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.held.extend_from_slice(&bytes);
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> Result<String, Fault> {
        loop {
            if let Some(at) = self.held.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.held.split_to(at);
                self.held.advance(2);
                return String::from_utf8(line.to_vec()).map_err(|_| broken());
            }
            if self.held.len() > LINE || !self.more().await? {
                return Err(broken());
            }
        }
    }

    /// Some bytes, at most `most`; none at the end.
    async fn some(&mut self, most: u64) -> Result<Bytes, Fault> {
        if self.held.is_empty() && !self.more().await? {
            return Ok(Bytes::new());
        }
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(self.held.len());
        Ok(self.held.split_to(count).freeze())
    }
}

/// Takes a body into a file.
///
/// # Errors
/// 400 for one that is not what vouches for it, 403 for more than `most` bytes.
pub(super) async fn take(
    body: Body,
    signed: &Signed,
    length: Option<u64>,
    file: &mut File,
    most: u64,
) -> Result<Got, Fault> {
    let mut sink = Sink {
        file,
        most,
        size: 0,
        md5: Md5::new(),
        sha256: digest::Context::new(&digest::SHA256),
    };
    let mut source = Source {
        body,
        held: BytesMut::new(),
    };
    match signed.payload {
        Payload::Whole(_) | Payload::Unsigned => loop {
            let bytes = source.some(u64::MAX).await?;
            if bytes.is_empty() {
                break;
            }
            sink.take(&bytes).await?;
        },
        Payload::Pieces => pieces(&mut source, &mut sink).await?,
        Payload::SignedPieces => signed_pieces(&mut source, &mut sink, signed).await?,
    }
    sink.file.sync_all().await.map_err(|error| failed(&error))?;
    let sha256 = hex(sink.sha256.clone().finish().as_ref());
    if let Payload::Whole(expected) = &signed.payload
        && *expected != sha256
    {
        return Err(Fault::new(
            StatusCode::BAD_REQUEST,
            "XAmzContentSHA256Mismatch",
            "door.content_hash",
            "the body is not the one whose SHA-256 was signed",
        ));
    }
    if length.is_some_and(|length| length != sink.size) {
        return Err(broken());
    }
    Ok(Got {
        size: sink.size,
        md5: sink.md5.finalize().into(),
        sha256,
    })
}

/// The head of a piece: its length, and its signature if it has one.
fn head(line: &str) -> Result<(u64, Option<&str>), Fault> {
    let (length, extension) = match line.split_once(';') {
        Some((length, extension)) => (length, Some(extension)),
        None => (line, None),
    };
    let plain = !length.is_empty() && length.len() <= 12 && length.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = if plain {
        u64::from_str_radix(length, 16).ok()
    } else {
        None
    };
    let signature = extension
        .map(|text| text.strip_prefix("chunk-signature=").ok_or_else(broken))
        .transpose()?;
    Ok((count.ok_or_else(broken)?, signature))
}

async fn pieces(source: &mut Source, sink: &mut Sink<'_>) -> Result<(), Fault> {
    loop {
        let line = source.line().await?;
        let (mut left, _) = head(&line)?;
        if left == 0 {
            break;
        }
        while left > 0 {
            let bytes = source.some(left).await?;
            if bytes.is_empty() {
                return Err(broken());
            }
            left = left.saturating_sub(bytes.len() as u64);
            sink.take(&bytes).await?;
        }
        if !source.line().await?.is_empty() {
            return Err(broken());
        }
    }
    // what follows are checksums of the client's own choice; the length is checked by what it announced
    for _ in 0..16 {
        if source.line().await?.is_empty() {
            return Ok(());
        }
    }
    Err(broken())
}

async fn signed_pieces(source: &mut Source, sink: &mut Sink<'_>, signed: &Signed) -> Result<(), Fault> {
    let mut before = signed.signature.clone();
    loop {
        let line = source.line().await?;
        let (mut left, signature) = head(&line)?;
        let signature = signature.ok_or_else(broken)?.to_owned();
        if left > PIECE {
            return Err(broken());
        }
        let last = left == 0;
        let mut whole = BytesMut::new();
        while left > 0 {
            let bytes = source.some(left).await?;
            if bytes.is_empty() {
                return Err(broken());
            }
            left = left.saturating_sub(bytes.len() as u64);
            whole.extend_from_slice(&bytes);
        }
        let expected = piece(signed, &before, &whole);
        if !same(&hex(&expected), &signature) {
            return Err(Fault::new(
                StatusCode::FORBIDDEN,
                "SignatureDoesNotMatch",
                "door.signature",
                "a piece of the body is not signed by this key after the one before",
            ));
        }
        sink.take(&whole).await?;
        before = signature;
        if !source.line().await?.is_empty() {
            return Err(broken());
        }
        if last {
            return Ok(());
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    subtle::ConstantTimeEq::ct_eq(one.as_bytes(), other.as_bytes()).into()
}
