//! Webhooks (governed): who is told that something happened, and the calls that wait.

use serde::{Deserialize, Serialize};
use url::Url;
use visa_verifier::seam::Timestamp;

use super::governed::{Governed, RowKind};
use super::{Db, FromRow, Row, StoreError, args};

/// Longest address, in bytes.
const URL_BYTES: usize = 1_024;

/// An address that is told, signed with a secret of the node's.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct WebhookRow {
    /// A short word: lower-case letters, digits, `-`.
    pub id: String,
    /// Where: https.
    pub url: String,
    /// The name of the secret in the node's configuration.
    pub secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    id: String,
    url: String,
    secret: String,
}

impl TryFrom<Unchecked> for WebhookRow {
    type Error = String;

    fn try_from(row: Unchecked) -> Result<Self, String> {
        let word = |text: &str| {
            let letters = text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
            letters && !text.is_empty() && text.len() <= 64
        };
        if !word(&row.id) || !word(&row.secret) {
            return Err("id and secret are names of up to 64 lower-case letters, digits, `-` and `_`".to_owned());
        }
        let url = Url::parse(&row.url).ok().filter(|_| row.url.len() <= URL_BYTES);
        let loopback =
            |url: &Url| url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        let named = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !url.is_some_and(|url| (url.scheme() == "https" || loopback(&url)) && named(&url)) {
            return Err("the address is https, without user, password or fragment".to_owned());
        }
        Ok(Self {
            id: row.id,
            url: row.url,
            secret: row.secret,
        })
    }
}

impl Governed for WebhookRow {
    const KIND: RowKind = RowKind::Webhook;

    fn id(&self) -> String {
        self.id.clone()
    }
}

/// A call that waits.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its id: also the receiver's, to know a second try.
    pub id: String,
    /// The id of the webhook.
    pub webhook: String,
    /// What is said, JSON.
    pub body: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is due.
    pub next: Timestamp,
}

impl FromRow for Call {
    const TABLE: &'static str = "webhook_calls";

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            webhook: row.text("webhook")?,
            body: row.text("body")?,
            tries: row.int("tries")?,
            next: row.instant("next_at")?,
        })
    }
}

/// Writes one down.
///
/// # Errors
/// The database is down.
pub async fn put(db: &mut Db, call: &Call) -> Result<(), StoreError> {
    db.change(
        "webhook_calls",
        "INSERT INTO webhook_calls (id, webhook, body, tries, next_at) VALUES ($1, $2, $3, $4, $5)",
        args![&call.id, &call.webhook, &call.body, call.tries, call.next],
    )
    .await
    .map(drop)
}

/// Those that are due, oldest first.
///
/// # Errors
/// The database is down.
pub async fn due(db: &mut Db, now: Timestamp, most: u32) -> Result<Vec<Call>, StoreError> {
    db.all(
        "SELECT id, webhook, body, tries, next_at FROM webhook_calls
         WHERE done_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
        args![now, i64::from(most)],
    )
    .await
}

/// Takes the next try of a call; false if another replica has it. Without a `next` it is the last one.
///
/// # Errors
/// The database is down.
pub async fn claim(db: &mut Db, call: &Call, next: Option<Timestamp>, now: Timestamp) -> Result<bool, StoreError> {
    let touched = db
        .change(
            "webhook_calls",
            "UPDATE webhook_calls SET tries = tries + 1, next_at = $3, done_at = $4
             WHERE id = $1 AND tries = $2 AND done_at IS NULL",
            args![&call.id, call.tries, next.unwrap_or(now), next.is_none().then_some(now)],
        )
        .await?;
    Ok(touched == 1)
}

/// It was taken, or nobody is told any more.
///
/// # Errors
/// The database is down.
pub async fn done(db: &mut Db, id: &str, now: Timestamp) -> Result<(), StoreError> {
    db.change(
        "webhook_calls",
        "UPDATE webhook_calls SET done_at = $2 WHERE id = $1",
        args![id, now],
    )
    .await
    .map(drop)
}

/// Removes what was over a week ago; how many rows.
///
/// # Errors
/// The database is down.
pub async fn tidy(db: &mut Db, now: Timestamp) -> Result<u64, StoreError> {
    db.change(
        "webhook_calls",
        "DELETE FROM webhook_calls WHERE done_at < $1 - 604800",
        args![now],
    )
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_https_and_names_nobody() {
        let cases = [
            ("https://hooks.example.org/visum?x=1", true),
            ("http://127.0.0.1:9000/hook", true),
            ("http://hooks.example.org/visum", false),
            ("http://127.0.0.1.example.org/", false),
            ("https://user:word@hooks.example.org/", false),
            ("https://hooks.example.org/#f", false),
            ("file:///etc/passwd", false),
            ("hooks", false),
        ];
        for (url, good) in cases {
            let row = json!({ "id": "desk", "url": url, "secret": "desk" });
            assert_eq!(serde_json::from_value::<WebhookRow>(row).is_ok(), good, "{url}");
        }
    }
}
