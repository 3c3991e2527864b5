//! What is refused before a handler is asked has the shape of this API.

use super::tests::{dan, send};
use crate::testing::node;

#[tokio::test]
async fn what_no_handler_answered_is_refused_in_the_shape_of_this_api_too() {
    let node = node().await;
    let (_, token) = dan(&node).await;
    for (method, path, status, code) in [
        ("GET", "/visum/v1/nothing", 404, "admin.not_found"),
        ("DELETE", "/visum/v1/me", 405, "admin.method"),
        ("GET", "/visum/v1/admin/grants?hunter2=1", 400, "admin.input_invalid"),
        (
            "GET",
            "/visum/v1/admin/audit/events?from=hunter2",
            400,
            "admin.input_invalid",
        ),
    ] {
        let answer = send(&node, Some(&token), method, path, None).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.body);
        assert_eq!(answer.body["code"], code, "{method} {path}");
        assert!(
            answer.body["message"].is_string() && !answer.body.to_string().contains("hunter2"),
            "{path}"
        );
    }
}
