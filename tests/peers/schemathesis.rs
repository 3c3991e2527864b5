//! Schemathesis against the gate: requests made from the official OpenAPI files, sound and unsound. No fault of ours, no
//! word of a backend, no token in any answer.

use tests::demo::Demo;

use crate::script::peer;

/// How long all of it takes, in seconds; nightly more (`VISUM_API_SECONDS`).
const SECONDS: u32 = 60;

#[test]
fn peer_schemathesis_finds_no_fault_and_no_leak_in_any_answer() {
    let demo = Demo::start();
    let token = demo.token("ada");
    let proxy = demo.fact("/proxy/url");
    let seconds: u32 =
        std::env::var_os("VISUM_API_SECONDS").map_or(SECONDS, |text| text.to_string_lossy().parse().unwrap());
    let secrets = [
        token.clone(),
        demo.fact("/sample/data"),
        demo.data().display().to_string(),
    ]
    .join("\n");
    let apis = [
        ("/ga4gh/drs/v1", "drs-1.5.0.yaml"),
        ("/ga4gh/tes/v1", "tes-1.1.0.yaml"),
        ("/v1", "tes-1.1.0.yaml"),
        ("/ga4gh/wes/v1", "wes-1.1.0.yaml"),
    ];
    let each = (seconds / 4).max(1).to_string();
    for (base, file) in apis {
        let url = format!("{}{base}", proxy.trim_end_matches('/'));
        let said = peer(
            "schemathesis.sh",
            &[&url, file, &each],
            &[("VISUM_TOKEN", &token), ("VISUM_SECRETS", &secrets)],
        );
        assert_eq!(said.code, 0, "{base}: {}\n{}", said.out, said.err);
        let passed = said
            .out
            .lines()
            .any(|line| line.contains(" generated, ") && line.contains(" passed"));
        assert!(passed, "{base}: nothing was tried: {}", said.out);
    }
}
