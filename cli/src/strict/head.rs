//! How HTTP/1 messages of a client are framed, byte by byte, and the first byte at which two readers could differ.

/// Digits of a length: more are no length of ours.
const DIGITS: usize = 15;
/// What an HTTP/2 connection begins with: then its frames are none of our business.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n";
/// Bytes kept of one line: framing headers are far shorter.
const LINE: usize = 256;

/// Where the reader is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum At {
    /// In the head, in a line.
    #[default]
    Line,
    /// In a body of so many bytes.
    Body(u64),
    /// In the line with a chunk's size.
    Size,
    /// In a chunk: so many bytes, its line end included.
    Chunk(u64),
    /// In the trailer.
    Trailer,
    /// In HTTP/2, or behind a fault.
    Free,
}

/// The reader.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    /// The line that is being read, its first bytes.
    line: Vec<u8>,
    /// The last byte was a CR.
    cr: bool,
    /// Lines of this head that ended.
    lines: usize,
    /// Something came on this connection before this message.
    began: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    /// Reads on; the place of the first byte that must not pass.
    pub(super) fn first_fault(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let step = match self.at {
                At::Free => return None,
                At::Body(left) => self.skip(left, rest.len(), At::Body),
                At::Chunk(left) => match self.chunk(left, rest) {
                    Some(step) => step,
                    None => return Some(at),
                },
                At::Line | At::Size | At::Trailer => {
                    let byte = rest.first()?;
                    if self.byte(*byte).is_none() {
                        self.at = At::Free;
                        return Some(at);
                    }
                    1
                }
            };
            at = at.saturating_add(step);
        }
        None
    }

    /// Passes bytes of a body.
    fn skip(&mut self, left: u64, here: usize, on: fn(u64) -> At) -> usize {
        let here_long = u64::try_from(here).unwrap_or(u64::MAX);
        let step = left.min(here_long);
        let left = left.saturating_sub(step);
        self.at = if left == 0 { At::Line } else { on(left) };
        usize::try_from(step).unwrap_or(here)
    }

    /// Passes bytes of a chunk; its last two are CR LF.
    fn chunk(&mut self, left: u64, rest: &[u8]) -> Option<usize> {
        if left > 2 {
            let step = left
                .saturating_sub(2)
                .min(u64::try_from(rest.len()).unwrap_or(u64::MAX));
            self.at = At::Chunk(left.saturating_sub(step));
            return usize::try_from(step).ok();
        }
        let wanted = if left == 2 { b'\r' } else { b'\n' };
        if rest.first() != Some(&wanted) {
            return None;
        }
        self.at = if left == 2 { At::Chunk(1) } else { At::Size };
        Some(1)
    }

    /// A byte of a line: CR and LF stand together, at its end.
    fn byte(&mut self, byte: u8) -> Option<()> {
        match (byte, self.cr) {
            (b'\n', true) => {
                self.cr = false;
                let line = std::mem::take(&mut self.line);
                self.ended(&line)
            }
            (b'\n', false) | (_, true) | (0, _) => None,
            (b'\r', false) => {
                self.cr = true;
                Some(())
            }
            (byte, false) => {
                if self.line.len() < LINE {
                    self.line.push(byte);
                } else if self.at == At::Size {
                    return None;
                }
                Some(())
            }
        }
    }

    fn ended(&mut self, line: &[u8]) -> Option<()> {
        match self.at {
            At::Size => self.size(line),
            At::Trailer if line.is_empty() => {
                self.next();
                Some(())
            }
            At::Trailer => Some(()),
            At::Line if line.is_empty() => self.head(),
            At::Line => {
                self.lines = self.lines.saturating_add(1);
                if self.lines == 1 {
                    if !self.began && line == HTTP2.strip_suffix(b"\r\n").unwrap_or(HTTP2) {
                        self.at = At::Free;
                    }
                    return Some(());
                }
                self.header(line)
            }
            At::Body(_) | At::Chunk(_) | At::Free => Some(()),
        }
    }

    /// A header line: its name is plain, what frames the message stands once and in one form.
    fn header(&mut self, line: &[u8]) -> Option<()> {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        if name.is_empty() || !name.iter().all(token) {
            return None;
        }
        let value = value.get(1..)?.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() || self.chunked {
                return None;
            }
            self.length = Some(number(value, 10)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.length.is_some() || self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            self.chunked = true;
        }
        Some(())
    }

    /// The head is over: what comes now?
    fn head(&mut self) -> Option<()> {
        // a line end before a request line is let pass by some readers
        if self.lines == 0 {
            return None;
        }
        match (self.chunked, self.length) {
            (true, _) => self.at = At::Size,
            (false, None | Some(0)) => self.next(),
            (false, Some(length)) => {
                self.next();
                self.at = At::Body(length);
            }
        }
        Some(())
    }

    /// A chunk's size: hexadecimal digits alone. Extensions say nothing to us and are read differently by many.
    fn size(&mut self, line: &[u8]) -> Option<()> {
        self.at = match number(line, 16)? {
            0 => At::Trailer,
            size => At::Chunk(size.checked_add(2)?),
        };
        Some(())
    }

    fn next(&mut self) {
        *self = Self {
            began: true,
            ..Self::default()
        };
    }
}

/// Digits alone: no sign, no list, no space.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let plain = !digits.is_empty() && digits.len() <= DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
    let text = str::from_utf8(digits).ok().filter(|_| plain)?;
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the bytes pass, however they are cut into reads.
    fn passes(bytes: &[u8]) -> bool {
        let whole = Framing::default().first_fault(bytes).is_none();
        let mut framing = Framing::default();
        let single = bytes.chunks(1).all(|byte| framing.first_fault(byte).is_none());
        assert_eq!(whole, single, "{}", String::from_utf8_lossy(bytes));
        whole
    }

    #[test]
    fn e40_messages_that_all_readers_frame_alike_pass() {
        for (name, bytes) in [
            ("no body", &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..]),
            (
                "a length",
                b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\n\0:\r\nGET / HTTP/1.1\r\n\r\n",
            ),
            ("a length of nought", b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
            (
                "chunks",
                b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\n\n\n\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            ),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\n"),
            ("a long line", format!("GET /{} HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(999), "y".repeat(999)).as_bytes()),
        ] {
            assert!(passes(bytes), "{name}");
        }
    }

    #[test]
    fn e40_messages_that_two_readers_could_frame_differently_do_not() {
        let post = "POST / HTTP/1.1\r\nHost: a\r\n";
        for (name, rest) in [
            (
                "length, then encoding",
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            (
                "encoding, then length",
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
            ),
            ("two lengths", "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
            (
                "the same length twice",
                "Content-Length: 4\r\nContent-Length: 4\r\n\r\n",
            ),
            ("a list of lengths", "Content-Length: 4, 4\r\n\r\n"),
            ("a signed length", "Content-Length: +4\r\n\r\n"),
            ("a negative length", "Content-Length: -1\r\n\r\n"),
            ("a hexadecimal length", "Content-Length: 0x4\r\n\r\n"),
            (
                "a length that overflows",
                "Content-Length: 99999999999999999999\r\n\r\n",
            ),
            ("an empty length", "Content-Length:\r\n\r\n"),
            ("an encoding of its own", "Transfer-Encoding: xchunked\r\n\r\n"),
            ("two encodings", "Transfer-Encoding: chunked, identity\r\n\r\n"),
            (
                "two encodings, the last is chunked",
                "Transfer-Encoding: identity, chunked\r\n\r\n",
            ),
            (
                "two headers",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            ("a vertical tab", "Transfer-Encoding: \x0bchunked\r\n\r\n"),
            ("a quoted encoding", "Transfer-Encoding: \"chunked\"\r\n\r\n"),
            ("a space before the colon", "Transfer-Encoding : chunked\r\n\r\n"),
            ("an odd name", "Transfer(Encoding: chunked\r\n\r\n"),
            ("a folded line", "X: y\r\n Content-Length: 4\r\n\r\n"),
            ("a lone line feed", "X: y\nContent-Length: 4\r\n\r\n"),
            ("a lone carriage return", "X: y\rContent-Length: 4\r\n\r\n"),
            ("NUL", "X: \0\r\n\r\n"),
            ("no colon", "X\r\n\r\n"),
            (
                "a chunk extension",
                "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n0\r\n\r\n",
            ),
            (
                "a chunk size with a sign",
                "Transfer-Encoding: chunked\r\n\r\n+4\r\nabcd\r\n0\r\n\r\n",
            ),
            (
                "a chunk size that overflows",
                "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            ),
            (
                "a chunk longer than its size",
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            ),
            (
                "a line feed behind a size",
                "Transfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n",
            ),
            (
                "a line feed behind a chunk",
                "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\n0\r\n\r\n",
            ),
            (
                "a line feed in the trailer",
                "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n",
            ),
        ] {
            assert!(!passes(format!("{post}{rest}").as_bytes()), "{name}");
        }
        assert!(!passes(b"\r\nGET / HTTP/1.1\r\n\r\n"), "an empty line first");
        assert!(!passes(b"GET / HTTP/1.1\n\n"), "line feeds alone");
        let second =
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n";
        assert!(!passes(second), "the second message of a connection");
    }
}
