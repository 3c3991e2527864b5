//! `GET` and `HEAD /data/{id}`: an object's bytes, whole or one range (RFC 9110 section 14).

use std::{io::SeekFrom, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::{drs::routes::Drs, problem::Problem};

/// Bytes from a file in one piece of a stream.
const PIECE: usize = 64 * 1024;

pub(crate) async fn read(
    State(drs): State<Arc<Drs>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let object = drs.objects.get(&id).ok_or_else(|| Problem::missing("object"))?;
    let etag = format!("\"{}\"", object.sha256);
    let fresh = headers
        .get(header::IF_RANGE)
        .is_none_or(|value| value.as_bytes() == etag.as_bytes());
    let asked = headers
        .get(header::RANGE)
        .filter(|_| fresh)
        .and_then(|value| value.to_str().ok());
    let common = [
        (header::CONTENT_TYPE, object.media_type.to_owned()),
        (header::ETAG, etag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "no-store, private".to_owned()),
    ];
    let (status, first, length) = match range(asked, object.size) {
        Range::Whole => (StatusCode::OK, 0, object.size),
        Range::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Range::Outside => {
            let size = [(header::CONTENT_RANGE, format!("bytes */{}", object.size))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, size).into_response());
        }
    };
    let gone = |problem: std::io::Error| {
        tracing::warn!(error = %problem, object.id = %object.id, "an object's file could not be read");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "sample.file",
            "the object's file could not be read",
        )
    };
    let mut file = tokio::fs::File::open(&object.file).await.map_err(gone)?;
    file.seek(SeekFrom::Start(first)).await.map_err(gone)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE));
    let mut response = (status, common, [(header::CONTENT_LENGTH, length.to_string())], body).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {first}-{}/{}", first + length - 1, object.size);
        if let Ok(part) = part.parse() {
            response.headers_mut().insert(header::CONTENT_RANGE, part);
        }
    }
    Ok(response)
}

/// What part of a file is asked for.
#[derive(Debug, Eq, PartialEq)]
enum Range {
    Whole,
    /// Both inclusive; `first <= last < size`.
    Part {
        first: u64,
        last: u64,
    },
    Outside,
}

/// Reads a `Range` header. What is no single range of bytes is ignored, as RFC 9110 section 14.2 permits.
fn range(asked: Option<&str>, size: u64) -> Range {
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())
            .flatten()
    };
    let Some((first, last)) = asked
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|text| text.trim().split_once('-'))
    else {
        return Range::Whole;
    };
    match (first.is_empty(), number(first), last.is_empty(), number(last)) {
        (true, _, false, Some(0)) => Range::Outside,
        (true, _, false, Some(_)) if size == 0 => Range::Outside,
        (true, _, false, Some(count)) => Range::Part {
            first: size.saturating_sub(count),
            last: size - 1,
        },
        (false, Some(first), true, _) if first < size => Range::Part { first, last: size - 1 },
        (false, Some(first), false, Some(last)) if last < first => Range::Whole,
        (false, Some(first), false, Some(last)) if first < size => Range::Part {
            first,
            last: last.min(size - 1),
        },
        (false, Some(_), true, _) | (false, Some(_), false, Some(_)) => Range::Outside,
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_all_else_is_the_whole_file() {
        let part = |first, last| Range::Part { first, last };
        let cases = [
            ("no header", None, 10, Range::Whole),
            ("from the start", Some("bytes=0-3"), 10, part(0, 3)),
            ("to the end", Some("bytes=7-"), 10, part(7, 9)),
            ("the last three", Some("bytes=-3"), 10, part(7, 9)),
            ("more than there is", Some("bytes=-30"), 10, part(0, 9)),
            ("past the end is cut", Some("bytes=8-100"), 10, part(8, 9)),
            ("starts past the end", Some("bytes=10-"), 10, Range::Outside),
            ("starts and ends past the end", Some("bytes=10-12"), 10, Range::Outside),
            ("nothing at the end", Some("bytes=-0"), 10, Range::Outside),
            ("an empty file", Some("bytes=0-0"), 0, Range::Outside),
            ("an empty file's end", Some("bytes=-1"), 0, Range::Outside),
            ("backwards", Some("bytes=5-2"), 10, Range::Whole),
            ("two ranges", Some("bytes=0-1,3-4"), 10, Range::Whole),
            ("another unit", Some("lines=0-1"), 10, Range::Whole),
            ("no number", Some("bytes=a-b"), 10, Range::Whole),
            ("a sign", Some("bytes=+1-2"), 10, Range::Whole),
            (
                "beyond all numbers",
                Some("bytes=99999999999999999999-"),
                10,
                Range::Whole,
            ),
        ];
        for (name, asked, size, expected) in cases {
            assert_eq!(range(asked, size), expected, "{name}");
        }
    }
}
