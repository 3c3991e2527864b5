//! An S3 client that signs as it is told: right, and wrong in one way at a time.

use reqwest::Method;
use ring::{digest, hmac};

use crate::outside::{self, Answer};

/// A key pair and where it is used.
#[derive(Clone, Debug)]
pub struct S3 {
    /// The door's address.
    pub endpoint: String,
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// The address of this machine that the requests come from.
    pub from: std::net::IpAddr,
    /// Seconds by which its clock is ahead.
    pub ahead: i64,
}

/// One request before it is signed.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path, encoded, with its first slash.
    pub path: String,
    /// The query as pairs; a key without a value has an empty one.
    pub query: Vec<(String, String)>,
    /// Further headers, all signed.
    pub headers: Vec<(String, String)>,
    /// Further headers, not signed.
    pub unsigned: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What `x-amz-content-sha256` says, if not the digest.
    pub hash: Option<String>,
    /// Leaves `host` out of the signed headers.
    pub without_host: bool,
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256, lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn tag(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Ask {
    /// A plain one.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.parse().unwrap_or(Method::GET),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            unsigned: Vec::new(),
            body: Vec::new(),
            hash: None,
            without_host: false,
        }
    }

    /// With a query, written `a=b&c`.
    #[must_use]
    pub fn query(mut self, text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        self.query = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self
    }

    /// With a signed header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }
}

impl S3 {
    /// Of the answer to `POST /visum/v1/sessions`.
    #[must_use]
    pub fn of(session: &serde_json::Value) -> Self {
        let text = |pointer: &str| {
            session
                .pointer(pointer)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            endpoint: text("/s3/endpoint"),
            id: text("/s3/access_key_id"),
            secret: text("/s3/secret_access_key"),
            from: std::net::Ipv4Addr::LOCALHOST.into(),
            ahead: 0,
        }
    }

    /// The same, from another address of this machine.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its address fails")]
    pub fn from(&self, address: &str) -> Self {
        Self {
            from: address.parse().expect("an address"),
            ..self.clone()
        }
    }

    fn host(&self) -> &str {
        self.endpoint
            .trim_start_matches("http://")
            .trim_start_matches("https://")
    }

    /// The headers that sign a request now.
    ///
    /// # Panics
    /// If the time can't be written.
    #[must_use]
    pub fn signed(&self, ask: &Ask) -> Vec<(String, String)> {
        let now = jiff::Timestamp::now().as_second() + self.ahead;
        let now = jiff::Timestamp::from_second(now).unwrap_or_default();
        let (at, day) = (
            now.strftime("%Y%m%dT%H%M%SZ").to_string(),
            now.strftime("%Y%m%d").to_string(),
        );
        let hash = ask.hash.clone().unwrap_or_else(|| sha256(&ask.body));
        let mut headers = vec![("x-amz-date".to_owned(), at.clone())];
        if !hash.is_empty() {
            headers.push(("x-amz-content-sha256".to_owned(), hash.clone()));
        }
        headers.extend(ask.headers.clone());
        let mut all = headers.clone();
        if !ask.without_host {
            all.push(("host".to_owned(), self.host().to_owned()));
        }
        all.sort();
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String = all
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let mut pairs: Vec<String> = ask
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.sort();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{hash}",
            ask.method,
            ask.path,
            pairs.join("&")
        );
        let scope = format!("{day}/us-east-1/s3/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [day.as_str(), "us-east-1", "s3", "aws4_request"] {
            key = tag(&key, part);
        }
        let signature = hex(&tag(&key, &text));
        headers.push((
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
                self.id
            ),
        ));
        headers
    }

    /// The address of a request.
    #[must_use]
    pub fn url(&self, ask: &Ask) -> String {
        let pairs: Vec<String> = ask
            .query
            .iter()
            .map(|(name, value)| {
                if value.is_empty() {
                    encode(name)
                } else {
                    format!("{}={}", encode(name), encode(value))
                }
            })
            .collect();
        let query = if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        };
        format!("{}{}{query}", self.endpoint, ask.path)
    }

    /// Signs and sends.
    ///
    /// # Panics
    /// If no answer comes.
    pub async fn send(&self, ask: &Ask) -> Answer {
        let headers = self.signed(ask);
        self.raw(ask, &headers).await
    }

    /// Sends with these headers, whatever they are.
    ///
    /// # Panics
    /// If no answer comes.
    #[expect(clippy::expect_used, reason = "a test without an answer fails")]
    pub async fn raw(&self, ask: &Ask, headers: &[(String, String)]) -> Answer {
        let client = outside::client_from(self.from);
        let mut request = client.request(ask.method.clone(), self.url(ask)).body(ask.body.clone());
        for (name, value) in headers.iter().chain(&ask.unsigned) {
            request = request.header(name, value);
        }
        outside::read(request.send().await.expect("an answer of the door")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str, query: &str) -> Answer {
        self.send(&Ask::new("GET", path).query(query)).await
    }

    /// `HEAD`.
    pub async fn head(&self, path: &str) -> Answer {
        self.send(&Ask::new("HEAD", path)).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: &[u8]) -> Answer {
        self.send(&Ask::new("PUT", path).body(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(&Ask::new("DELETE", path)).await
    }
}

/// The text of an element of an XML answer, the first of that name.
#[must_use]
pub fn element(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let inner = text
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}

/// All texts of an element.
#[must_use]
pub fn elements(answer: &Answer, name: &str) -> Vec<String> {
    let text = answer.text();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once(&format!("<{name}>")) {
        let Some((inner, more)) = after.split_once(&format!("</{name}>")) else {
            break;
        };
        found.push(inner.to_owned());
        rest = more;
    }
    found
}
