//! Every route: without credentials nothing but what is public.

use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::World;

/// What anybody may ask for.
const PUBLIC: [&str; 5] = [
    "/healthz",
    "/.well-known/oauth-protected-resource",
    "/ga4gh/drs/v1/service-info",
    "/ga4gh/tes/v1/service-info",
    "/ga4gh/wes/v1/service-info",
];

/// Everything else, of the table in `operation.rs`.
const GUARDED: [(&str, &str); 20] = [
    ("GET", "/ga4gh/drs/v1/objects/b-cohort.vcf"),
    ("HEAD", "/ga4gh/drs/v1/objects/b-cohort.vcf"),
    ("POST", "/ga4gh/drs/v1/objects/a-cohort.vcf"),
    ("GET", "/ga4gh/drs/v1/objects/a-cohort.vcf/access/https"),
    ("POST", "/ga4gh/drs/v1/objects/a-cohort.vcf/access/https"),
    ("GET", "/ga4gh/tes/v1/tasks"),
    ("POST", "/ga4gh/tes/v1/tasks"),
    ("GET", "/v1/tasks/01J00000000000000000000000"),
    ("POST", "/v1/tasks/01J00000000000000000000000:cancel"),
    ("GET", "/ga4gh/wes/v1/runs"),
    ("POST", "/ga4gh/wes/v1/runs"),
    ("GET", "/ga4gh/wes/v1/runs/01J00000000000000000000000"),
    ("GET", "/ga4gh/wes/v1/runs/01J00000000000000000000000/status"),
    ("GET", "/ga4gh/wes/v1/runs/01J00000000000000000000000/tasks"),
    ("GET", "/ga4gh/wes/v1/runs/01J00000000000000000000000/tasks/x"),
    ("POST", "/ga4gh/wes/v1/runs/01J00000000000000000000000/cancel"),
    ("POST", "/visum/v1/can-i"),
    ("POST", "/visum/v1/explain"),
    ("POST", "/visum/v1/passport/verify"),
    ("GET", "/visum/v1/decisions/01J00000000000000000000000"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_but_the_public_ones_asks_for_a_token() {
    let world = World::new().await;
    for path in PUBLIC {
        assert_eq!(world.get(path, None).await.status, StatusCode::OK, "{path}");
    }
    for (method, path) in GUARDED {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        let body = if method == "POST" {
            Body::from("{}")
        } else {
            Body::empty()
        };
        let answer = world.send(request, body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{method} {path}: {:?}",
            answer.bytes
        );
        assert!(answer.headers.contains_key("www-authenticate"), "{method} {path}");
        assert_eq!(answer.headers["cache-control"], "no-store, private");
    }
    assert!(world.node.notes().is_empty());
}
