//! The forms that can be asked for.

use clap::ValueEnum;
use contract::handoff::Rendering;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Form {
    /// Text for people: a report, no document.
    Human,
    /// The document itself; a report as one JSON document.
    #[default]
    Json,
    /// The document itself, as YAML.
    Yaml,
    /// talhelper's talconfig.yaml.
    Talconfig,
    /// A commented shell script around talosctl.
    Talosctl,
    /// Assignments for a POSIX shell.
    Env,
    /// Lines for /etc/hosts.
    Hosts,
    /// Reservations for dnsmasq.
    #[value(alias = "dhcp")]
    DhcpDnsmasq,
    /// Reservations for Kea.
    DhcpKea,
    /// Reservations for ISC dhcpd.
    DhcpIsc,
}

impl Form {
    /// The document of this form; text for people is none.
    pub(super) fn rendering(self) -> Option<Rendering> {
        Some(match self {
            Self::Human => return None,
            Self::Json => Rendering::Json,
            Self::Yaml => Rendering::Yaml,
            Self::Talconfig => Rendering::Talconfig,
            Self::Talosctl => Rendering::Talosctl,
            Self::Env => Rendering::Env,
            Self::Hosts => Rendering::Hosts,
            Self::DhcpDnsmasq => Rendering::DhcpDnsmasq,
            Self::DhcpKea => Rendering::DhcpKea,
            Self::DhcpIsc => Rendering::DhcpIsc,
        })
    }
}
