//! A sample node to try things at, until Ctrl-C: `cargo run --example sample-node -- FOLDER REDIRECT_URI`. It prints its
//! addresses and credentials as JSON: they are made at start and good for nothing else.

#![expect(clippy::print_stdout, reason = "this program's answer")]

use sample_node::{SampleError, SampleNode, Settings};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), SampleError> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "sample-node-data".to_owned());
    let redirect = arguments
        .next()
        .unwrap_or_else(|| "http://127.0.0.1:8080/callback".to_owned());
    let settings = Settings::new(folder.into(), &redirect, vec!["https://data.example.org/b".to_owned()])?;
    let (credential, collector) = (settings.credential.clone(), settings.home.collector.clone());
    let client = settings.home.client_id.clone();
    let node = SampleNode::start(settings).await?;
    let told = json!({
        "home": node.issuer(), "client_id": client, "client_secret": node.client_secret().expose(),
        "visa_issuer": node.visa_issuer(), "collector": collector.expose(),
        "drs": node.drs(), "tes": node.tes(), "wes": node.wes(), "credential": credential.expose(),
        "images": node.tools().iter().map(|tool| tool.image.as_str()).collect::<Vec<_>>(),
        "objects": node.objects().iter().map(|object| object.id.as_str()).collect::<Vec<_>>(),
    });
    println!("{told}");
    let _ = tokio::signal::ctrl_c().await;
    node.stop().await;
    Ok(())
}
