//! A run request as the multipart form of the specification (WES 1.1 `RunWorkflow`, RFC 7578).

use serde_json::{Map, Value};

use crate::error::CommandError;

/// The form: its content type, and its bytes.
pub(super) fn form(run: &Map<String, Value>, boundary: &str) -> Result<(String, Vec<u8>), CommandError> {
    let mut body = Vec::new();
    for name in [
        "workflow_type",
        "workflow_type_version",
        "workflow_url",
        "workflow_engine",
        "workflow_engine_version",
    ] {
        if let Some(value) = run.get(name) {
            let text = value
                .as_str()
                .ok_or_else(|| CommandError::refused("can_i.file", format!("`{name}` is no text")))?;
            part(&mut body, boundary, &format!("name=\"{name}\""), text.as_bytes());
        }
    }
    for name in ["workflow_params", "tags", "workflow_engine_parameters"] {
        if let Some(value) = run.get(name) {
            part(
                &mut body,
                boundary,
                &format!("name=\"{name}\""),
                value.to_string().as_bytes(),
            );
        }
    }
    for attachment in run.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| attachment.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        if name.chars().any(|one| one == '"' || one == '\\' || one.is_control()) {
            return Err(CommandError::refused(
                "can_i.file",
                format!("the attachment's name {name:?} can't be sent"),
            ));
        }
        let head = format!("name=\"workflow_attachment\"; filename=\"{name}\"");
        part(&mut body, boundary, &head, text("text").as_bytes());
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/form-data; boundary={boundary}"), body))
}

fn part(body: &mut Vec<u8>, boundary: &str, head: &str, bytes: &[u8]) {
    body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_is_a_form_of_its_parts_and_files() {
        let run = json!({ "workflow_type": "CWL", "workflow_url": "w.cwl", "workflow_params": { "in": "drs://x/1" },
            "attachments": [{ "name": "w.cwl", "text": "cwlVersion: v1.2" }] });
        let (kind, body) = form(run.as_object().unwrap(), "b-1").unwrap();
        assert_eq!(kind, "multipart/form-data; boundary=b-1");
        let body = String::from_utf8(body).unwrap();
        for part in [
            "name=\"workflow_type\"\r\n\r\nCWL\r\n",
            "name=\"workflow_params\"\r\n\r\n{\"in\":\"drs://x/1\"}\r\n",
            "name=\"workflow_attachment\"; filename=\"w.cwl\"\r\n\r\ncwlVersion: v1.2\r\n--b-1--\r\n",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        let odd = json!({ "workflow_type": 3 });
        assert_eq!(form(odd.as_object().unwrap(), "b").unwrap_err().code(), "can_i.file");
        let odd = json!({ "attachments": [{ "name": "a\"\r\nX: y", "text": "" }] });
        assert_eq!(form(odd.as_object().unwrap(), "b").unwrap_err().code(), "can_i.file");
    }
}
