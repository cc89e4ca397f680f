//! Which addresses a picture may be fetched from. They come from rows that anybody on the platform may have written.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, ParseError, Url};

use crate::config;

/// Why an address is not fetched; completes "The picture was not fetched: ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("its address is empty")]
    Empty,
    #[error("its address is not a whole one (https://...)")]
    Relative,
    #[error("its address is not a valid one")]
    Malformed,
    #[error("its address begins with {0}: where https: is needed")]
    Scheme(String),
    #[error("its address holds a name or password")]
    Credentials,
    #[error("its address is a number ({0}) instead of a host's name")]
    Number(String),
    #[error("its address begins with http: where https: is needed")]
    Plain,
    #[error("port {0} is not one that photos may come from")]
    Port(u16),
    #[error("{0} is not one of the hosts in the settings that photos may come from")]
    Host(String),
    #[error("{0} leads into a private network")]
    Inward(String),
}

/// What the settings allow.
#[derive(Debug)]
pub struct Guard {
    hosts: Vec<AllowedHost>,
    loopback_ports: Vec<u16>,
}

/// An entry of `hosts` in the settings: `name`, `*.name`, either with `:port`.
#[derive(Debug)]
struct AllowedHost {
    name: String,
    subdomains: bool,
    port: u16,
}

const HTTPS: u16 = 443;

impl Guard {
    pub fn new(config: &config::Media) -> Self {
        let hosts = config.hosts.iter().filter_map(|entry| AllowedHost::parse(entry)).collect();
        Self { hosts, loopback_ports: config.loopback_ports.clone() }
    }

    /// The address as it will be fetched.
    ///
    /// # Errors
    /// Why it is not fetched.
    pub fn admit(&self, address: &str) -> Result<Url, Refusal> {
        if address.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        let url = Url::parse(address).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase => Refusal::Relative,
            _ => Refusal::Malformed,
        })?;
        self.check(url)
    }

    /// Where a redirect at `from` leads. From https it never leads back to http.
    ///
    /// # Errors
    /// Why it is not followed.
    pub fn admit_redirect(&self, from: &Url, location: &str) -> Result<Url, Refusal> {
        let url = self.check(from.join(location).map_err(|_| Refusal::Malformed)?)?;
        if from.scheme() == "https" && url.scheme() != "https" {
            return Err(Refusal::Plain);
        }
        Ok(url)
    }

    fn check(&self, mut url: Url) -> Result<Url, Refusal> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refusal::Scheme(url.scheme().chars().take(20).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        match (url.scheme(), url.host()) {
            ("https", Some(Host::Domain(name))) => self.check_host(name, url.port().unwrap_or(HTTPS))?,
            ("http", Some(Host::Ipv4(Ipv4Addr::LOCALHOST) | Host::Ipv6(Ipv6Addr::LOCALHOST))) => {
                let port = url.port_or_known_default().unwrap_or_default();
                if !self.loopback_ports.contains(&port) {
                    return Err(Refusal::Port(port));
                }
            }
            ("http", Some(Host::Domain(_))) => return Err(Refusal::Plain),
            (_, Some(number)) => return Err(Refusal::Number(number.to_string())),
            (_, None) => return Err(Refusal::Malformed),
        }
        url.set_fragment(None);
        Ok(url)
    }

    fn check_host(&self, name: &str, port: u16) -> Result<(), Refusal> {
        let mut named = self.hosts.iter().filter(|host| host.covers(name)).peekable();
        if named.peek().is_none() {
            return Err(Refusal::Host(name.to_owned()));
        }
        if named.any(|host| host.port == port) { Ok(()) } else { Err(Refusal::Port(port)) }
    }
}

impl AllowedHost {
    /// `None` for what can't be a host: it allows nothing.
    fn parse(entry: &str) -> Option<Self> {
        let (subdomains, name) = match entry.trim().strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, entry.trim()),
        };
        // Through the same parser as the addresses, so that both are in the same spelling.
        let url = Url::parse(&format!("https://{name}/")).ok()?;
        let Host::Domain(name) = url.host()? else { return None };
        Some(Self { name: name.to_owned(), subdomains, port: url.port().unwrap_or(HTTPS) })
    }

    fn covers(&self, name: &str) -> bool {
        if self.subdomains {
            name.strip_suffix(&self.name).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            name == self.name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(&config::Media {
            hosts: vec!["res.cloudinary.com".into(), "*.photos.example".into(), "cdn.example:8443".into()],
            loopback_ports: vec![8900],
            ..config::Media::default()
        })
    }

    fn refusal(address: &str) -> Refusal {
        guard().admit(address).expect_err(address)
    }

    #[test]
    fn listed_hosts_are_fetched_by_https() {
        for address in [
            "https://res.cloudinary.com/demo/image/upload/v1/1.jpg",
            "HTTPS://RES.Cloudinary.COM:443/1.jpg",
            "https://eu.photos.example/1.jpg",
            "https://a.b.photos.example/1.jpg",
            "https://cdn.example:8443/1.jpg",
            "https://res.cloudinary.com/my photos/фото.jpg?q=ü#é",
        ] {
            assert!(guard().admit(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_subdomains_and_nothing_else() {
        for address in [
            "https://photos.example/1.jpg",
            "https://.photos.example/1.jpg",
            "https://evilphotos.example/1.jpg",
            "https://photos.example.evil.example/1.jpg",
            "https://sub.res.cloudinary.com/1.jpg",
            "https://res.cloudinary.com./1.jpg",
            "https://localhost/1.jpg",
        ] {
            assert!(matches!(refusal(address), Refusal::Host(_) | Refusal::Malformed), "{address}");
        }
    }

    #[test]
    fn plain_http_is_for_the_listed_ports_of_this_machine() {
        assert!(guard().admit("http://127.0.0.1:8900/1.jpg").is_ok());
        assert!(guard().admit("http://[::1]:8900/1.jpg").is_ok());
        assert_eq!(refusal("http://127.0.0.1/1.jpg"), Refusal::Port(80));
        assert_eq!(refusal("http://127.0.0.1:22/1.jpg"), Refusal::Port(22));
        assert_eq!(refusal("http://[::1]:22/"), Refusal::Port(22));
        assert_eq!(refusal("http://res.cloudinary.com/1.jpg"), Refusal::Plain);
        assert_eq!(refusal("http://localhost:8900/1.jpg"), Refusal::Plain);
        assert!(matches!(refusal("https://127.0.0.1:8900/1.jpg"), Refusal::Number(_)));
    }

    #[test]
    fn every_spelling_of_a_number_is_seen_through() {
        // decimal, octal, hexadecimal, short and full-width spellings of loopback: the port decides
        for host in ["2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1", "１２７.0.0.1"] {
            assert_eq!(refusal(&format!("http://{host}:22/photo.jpg")), Refusal::Port(22), "{host}");
        }
        for host in [
            "169.254.169.254",
            "2852039166",
            "0251.0376.0251.0376",
            "0xa9fea9fe",
            "10.0.0.1",
            "0.0.0.0",
            "0",
            "127.0.0.2",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00::1]",
            "[2606:4700::1111]",
            "1.1.1.1",
        ] {
            for scheme in ["http", "https"] {
                let address = format!("{scheme}://{host}:8900/latest/");
                assert!(matches!(refusal(&address), Refusal::Number(_)), "{address}");
            }
        }
    }

    #[test]
    fn zone_ids_and_broken_hosts_are_no_addresses() {
        for address in [
            "http://[fe80::1%25eth0]:8900/",
            "http://[fe80::1%eth0]:8900/",
            "http://[::1]x:8900/",
            "http://127.0.0.256:8900/",
            "https://res.cloudinary.com:99999/",
            "https://",
            "https://%00.example/",
        ] {
            assert_eq!(refusal(address), Refusal::Malformed, "{address}");
        }
    }

    #[test]
    fn names_and_passwords_are_not_carried_along() {
        assert_eq!(refusal("http://127.0.0.1:8900@169.254.169.254/photo.jpg"), Refusal::Credentials);
        assert_eq!(refusal("https://res.cloudinary.com@evil.example/"), Refusal::Credentials);
        assert_eq!(refusal("https://me:secret@res.cloudinary.com/"), Refusal::Credentials);
        assert_eq!(refusal("https://:secret@res.cloudinary.com/"), Refusal::Credentials);
    }

    #[test]
    fn a_backslash_does_not_hide_the_host() {
        assert_eq!(refusal("https://evil.example\\@res.cloudinary.com/"), Refusal::Host("evil.example".into()));
    }

    #[test]
    fn other_ports_of_listed_hosts_are_refused() {
        assert_eq!(refusal("https://res.cloudinary.com:8443/1.jpg"), Refusal::Port(8443));
        assert_eq!(refusal("https://cdn.example/1.jpg"), Refusal::Port(443));
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        for (address, scheme) in [
            ("file:///etc/passwd", "file"),
            ("data:image/svg+xml,<svg/>", "data"),
            ("javascript:alert(document.domain)", "javascript"),
            ("  java\tscript:alert(1)", "javascript"),
            ("ftp://res.cloudinary.com/1.jpg", "ftp"),
            ("media://localhost/photo/1", "media"),
        ] {
            assert_eq!(refusal(address), Refusal::Scheme(scheme.into()));
        }
        assert_eq!(refusal(""), Refusal::Empty);
        assert_eq!(refusal(" \t"), Refusal::Empty);
        assert_eq!(refusal("../../../../etc/passwd"), Refusal::Relative);
        assert_eq!(refusal("//res.cloudinary.com/1.jpg"), Refusal::Relative);
    }

    #[test]
    fn redirects_pass_the_same_guard_and_never_lead_to_plain_http() {
        let guard = guard();
        let secure = guard.admit("https://res.cloudinary.com/a/1.jpg").expect("allowed");
        let local = guard.admit("http://127.0.0.1:8900/a/1.jpg").expect("allowed");

        let next = guard.admit_redirect(&secure, "../b/2.jpg").expect("same host");
        assert_eq!(next.as_str(), "https://res.cloudinary.com/b/2.jpg");
        assert_eq!(guard.admit_redirect(&secure, "http://127.0.0.1:8900/1.jpg"), Err(Refusal::Plain));
        assert!(guard.admit_redirect(&local, "https://res.cloudinary.com/1.jpg").is_ok());
        assert!(matches!(guard.admit_redirect(&local, "http://169.254.169.254/latest/"), Err(Refusal::Number(_))));
        assert!(matches!(guard.admit_redirect(&secure, "//evil.example/"), Err(Refusal::Host(_))));
        assert!(matches!(guard.admit_redirect(&secure, "file:///etc/passwd"), Err(Refusal::Scheme(_))));
    }

    #[test]
    fn nothing_is_fetched_where_nothing_is_listed() {
        let nothing =
            config::Media { hosts: vec!["127.0.0.1".into(), "*".into(), String::new()], ..Default::default() };
        let guard = Guard::new(&nothing);
        assert!(guard.admit("https://127.0.0.1/").is_err());
        assert!(guard.admit("https://example.org/").is_err());
        assert_eq!(guard.admit("http://127.0.0.1:8900/"), Err(Refusal::Port(8900)));
    }
}
