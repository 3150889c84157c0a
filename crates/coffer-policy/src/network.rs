//! Networks in CIDR notation.

use std::net::IpAddr;

/// A network, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `203.0.113.0/24`, `2001:db8::/32` or a bare address. Bits of the host are let be.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address = address.trim().parse::<IpAddr>().ok()?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            Some(_) => return None,
            None => bits_max,
        };
        if bits > bits_max {
            return None;
        }
        // An IPv4 network written as IPv6 is the IPv4 network.
        match address.to_canonical() {
            mapped @ IpAddr::V4(_) if address.is_ipv6() && bits >= 96 => {
                Some(Self { address: mapped, bits: bits - 96 })
            }
            _ => Some(Self { address, bits }),
        }
    }

    /// Whether an address is in the network.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    fn check(network: &str, address: &str, is_in: bool) {
        let contains = Network::read(network).unwrap().contains(address.parse().unwrap());
        assert_eq!(contains, is_in, "{address} in {network}");
    }

    #[test]
    fn addresses_are_found_in_networks() {
        check("203.0.113.0/24", "203.0.113.255", true);
        check("203.0.113.77/24", "203.0.113.1", true);
        check("203.0.113.0/24", "203.0.114.0", false);
        check("10.0.0.0/13", "10.7.255.255", true);
        check("10.0.0.0/13", "10.8.0.0", false);
        check("10.0.0.7", "10.0.0.7", true);
        check("10.0.0.7", "10.0.0.8", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "10.0.0.1", false);
        check("2001:DB8::/33", "2001:0db8:0000:7fff::1", true);
        check("2001:db8::/33", "2001:db8:8000::1", false);
        check("2001:db8:0:0::1", "2001:db8::1", true);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "a/8"] {
            assert_eq!(Network::read(text), None, "{text}");
        }
    }
}
