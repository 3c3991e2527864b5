//! What the agent's clients are told: addresses and the secret, under the names that they read.

use std::net::SocketAddr;

use serde_json::Value;

/// Names and values for the environment of a client.
///
/// Tasks, runs and data go by the agent. The storage door is named by its own address and the session's own keys: workflow
/// tools put both into their tasks, where this machine's loopback is another machine's, and a signature of S3 is over the
/// door's host name (`specs/apis.md` 10.1).
pub(crate) fn variables(
    address: SocketAddr,
    secret: &str,
    session: Option<&Value>,
    authorities: Option<&std::path::Path>,
) -> Vec<(&'static str, String)> {
    let base = format!("http://{address}");
    let mut set = vec![
        ("VISUM_AGENT", base.clone()),
        ("VISUM_AGENT_PATH", format!("{base}/{secret}")),
        ("TES_ENDPOINT", format!("{base}/ga4gh/tes/v1")),
        ("TES_TOKEN", secret.to_owned()),
        ("SNAKEMAKE_TES_TOKEN", secret.to_owned()),
        ("TOIL_TES_ENDPOINT", base),
        ("TOIL_TES_BEARER_TOKEN", secret.to_owned()),
        ("WES_API_HOST", address.to_string()),
        ("WES_API_PROTO", "http".to_owned()),
        ("WES_API_AUTH", format!("Authorization: Bearer {secret}")),
    ];
    let Some(session) = session else {
        return set;
    };
    for (name, pointer) in [
        ("VISUM_SESSION", "/id"),
        ("AWS_ENDPOINT_URL_S3", "/s3/endpoint"),
        ("AWS_REGION", "/s3/region"),
        ("AWS_ACCESS_KEY_ID", "/s3/access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "/s3/secret_access_key"),
    ] {
        if let Some(value) = session.pointer(pointer).and_then(Value::as_str) {
            set.push((name, value.to_owned()));
        }
    }
    if let Some(file) = authorities {
        set.push(("AWS_CA_BUNDLE", file.display().to_string()));
    }
    set
}

/// A line for a shell.
pub(crate) fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tasks_go_by_the_agent_and_storage_by_the_door_itself() {
        let session = json!({ "id": "s1", "token": "never told", "s3": { "endpoint": "https://door.example.org",
            "region": "us-east-1", "access_key_id": "k", "secret_access_key": "it's" } });
        let set = variables("127.0.0.1:4711".parse().unwrap(), "secret", Some(&session), None);
        let of = |name: &str| {
            set.iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(of("TES_ENDPOINT"), Some("http://127.0.0.1:4711/ga4gh/tes/v1"));
        assert_eq!(of("AWS_ENDPOINT_URL_S3"), Some("https://door.example.org"));
        assert!(
            !set.iter().any(|(_, value)| value.contains("never told")),
            "its token stays here"
        );
        assert_eq!(export("A", "it's"), r"export A='it'\''s'");
    }
}
