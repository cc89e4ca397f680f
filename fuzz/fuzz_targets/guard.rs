//! Whatever is admitted, at first or by a redirect, leads to a listed host by https or to a listed port of this machine.

#![no_main]

use kaleidoscope_console::{
    config,
    media::{Guard, Refusal},
};
use libfuzzer_sys::fuzz_target;
use url::Url;

fn allowed(url: &Url) {
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    let (host, port) = (url.host_str().expect("a host"), url.port_or_known_default().expect("a port"));
    match url.scheme() {
        "http" => assert!(matches!(host, "127.0.0.1" | "[::1]") && port == 8900, "{url}"),
        "https" => {
            let listed = host == "photos.example" || host.ends_with(".cdn.example");
            assert!(listed && port == 443 || host == "port.example" && port == 8443, "{url}");
        }
        other => panic!("{other} in {url}"),
    }
}

fuzz_target!(|text: &str| {
    let guard = Guard::new(&config::Media {
        hosts: ["photos.example", "*.cdn.example", "port.example:8443"].map(String::from).to_vec(),
        loopback_ports: vec![8900],
        ..config::Media::default()
    });
    let said = |refusal: Refusal| assert!(!refusal.to_string().is_empty());
    match guard.admit(text) {
        Ok(url) => {
            allowed(&url);
            assert_eq!(guard.admit(url.as_str()), Ok(url), "what was admitted is admitted again");
        }
        Err(refusal) => said(refusal),
    }
    for start in ["https://photos.example/a/1.jpg", "http://127.0.0.1:8900/a/1.jpg"] {
        let from = guard.admit(start).expect("listed");
        match guard.admit_redirect(&from, text) {
            Ok(url) => {
                allowed(&url);
                assert!(from.scheme() == "http" || url.scheme() == "https", "{url}");
            }
            Err(refusal) => said(refusal),
        }
    }
});
