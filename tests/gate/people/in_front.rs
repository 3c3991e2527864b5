//! Proxies in front of the gate that its settings name (E37): from these alone the address of a client is taken.

use serde_json::json;
use tests::{
    house::{House, Wants},
    outside::{client, read},
};

use crate::wire::OBJECT;

/// Nobody of a network reads.
const BARRED: &str = "@id(\"own.place\")\n@reason(\"Not from there.\")\n@code(\"policy.own_place\")\n@remedy(\"Go elsewhere.\")\n\
     forbid (\n  principal,\n  action in Visum::Action::\"data:release\",\n  resource is Visum::Dataset\n)\n\
     when { context.network.address.isInRange(ip(\"203.0.113.0/24\")) };\n";

#[tokio::test(flavor = "multi_thread")]
async fn e37_a_configured_proxy_in_front_tells_the_address_and_nobody_else() {
    for (lines, trusted) in [
        ("", false),
        ("trusted_proxies = [\"127.0.0.1/32\"]\n", true),
        ("trusted_proxies = [\"10.0.0.0/8\"]\n", false),
    ] {
        let house = House::start(Wants {
            proxy_lines: Some(lines.to_owned()),
            administrator: true,
            ..Wants::default()
        })
        .await;
        let (ada, _) = house.granted().await;
        house.publish(BARRED, None, &[]).await;
        let url = house.proxy(&format!("/ga4gh/drs/v1/objects/{OBJECT}/access/https"));
        for (name, headers, status) in [
            ("nothing", vec![], 200),
            ("the barred network", vec![("x-forwarded-for", "203.0.113.7")], 403),
            (
                "the client's own word in front",
                vec![("x-forwarded-for", "203.0.113.7, 198.51.100.1")],
                200,
            ),
            (
                "RFC 7239",
                vec![("forwarded", "for=\"203.0.113.7:4711\";proto=https")],
                403,
            ),
            (
                "two that differ",
                vec![("forwarded", "for=198.51.100.1"), ("x-forwarded-for", "203.0.113.7")],
                400,
            ),
            ("no address", vec![("x-forwarded-for", "unknown")], 400),
            (
                "another header",
                vec![("x-real-ip", "203.0.113.7"), ("x-forwarded-host", "evil.example.net")],
                200,
            ),
        ] {
            let mut request = client().get(&url).bearer_auth(&ada);
            for (key, value) in headers {
                request = request.header(key, value);
            }
            let answer = read(request.send().await.unwrap()).await;
            let expected = if trusted { status } else { 200 };
            assert_eq!(answer.status, expected, "{lines}{name}: {}", answer.text());
            if answer.status == 403 {
                assert_eq!(answer.code(), "policy.own_place");
            }
            if answer.status == 400 {
                assert_eq!(answer.json()["code"], json!("request.forwarded"));
            }
        }
    }
}
