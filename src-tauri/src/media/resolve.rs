//! Names to addresses, without those that lead into a private network. What is checked is what is connected to, so a
//! name that changes its address between two questions gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// All addresses of this name are private.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads into a private network")]
pub(super) struct Inward(pub(super) String);

/// What this machine takes a name for.
#[derive(Debug)]
pub(super) struct Machine;

/// Of what another takes a name for.
#[derive(Debug)]
pub(super) struct PublicOnly<R>(pub(super) R);

impl Resolve for Machine {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

impl<R: Resolve> Resolve for PublicOnly<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let asked_for = name.as_str().to_owned();
        let found = self.0.resolve(name);
        Box::pin(async move {
            let public: Vec<_> = found.await?.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Inward(asked_for).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// As in IANA's registry of special-purpose addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match address.segments() {
        // NAT64, by which networks without IPv4 reach it: what counts is the address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Only this eighth is given out; local, link-local, multicast and compatible addresses are outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::Mutex};

    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().expect(address))
    }

    #[test]
    fn private_addresses_are_filtered_out() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn public_addresses_stay() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "198.17.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_no_name_for_photos() {
        assert_eq!(asked(&PublicOnly(Machine), "localhost").await, None);
    }

    /// Answers differently each time.
    struct Rebinding(Mutex<Vec<&'static [&'static str]>>);

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let answer = self.0.lock().expect("unbroken").remove(0);
            let socket = |address: &&str| SocketAddr::new(address.parse().expect("an address"), 0);
            let answer: Vec<_> = answer.iter().map(socket).collect();
            Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
        }
    }

    /// The addresses, or `None` where all lead inward.
    async fn asked(resolver: &impl Resolve, name: &str) -> Option<Vec<String>> {
        match resolver.resolve(name.parse().expect("a name")).await {
            Ok(found) => Some(found.map(|address| address.ip().to_string()).collect()),
            Err(error) => error.downcast_ref::<Inward>().map(|_| None).expect("leads inward"),
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_looked_at_each_time() {
        let resolver = PublicOnly(Rebinding(Mutex::new(vec![
            &["1.1.1.1"],
            &["127.0.0.1"],
            &["::ffff:169.254.169.254", "fe80::1"],
            &["10.0.0.1", "2606:4700::1111", "::1"],
        ])));
        let public = |address: &str| Some(vec![address.to_owned()]);
        assert_eq!(asked(&resolver, "photos.example").await, public("1.1.1.1"));
        assert_eq!(asked(&resolver, "photos.example").await, None);
        assert_eq!(asked(&resolver, "photos.example").await, None);
        assert_eq!(asked(&resolver, "photos.example").await, public("2606:4700::1111"));
    }
}
