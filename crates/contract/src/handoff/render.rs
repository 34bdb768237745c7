//! The document in the forms that other tools take.
//!
//! Pure and byte-identical on every run: no time stamp, no version of em-infra, no secret. A renderer adds nothing
//! that is not in the document, and each says at its top what reads it.

mod dhcp;
mod env;
mod hosts;
pub mod patches;
mod shell;
mod talconfig;
mod talosctl;
mod yaml;

use super::document::BootstrapContract;

/// A form of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// The document itself.
    Json,
    /// The document itself, as YAML.
    Yaml,
    /// talhelper's `talconfig.yaml`.
    Talconfig,
    /// A shell script around `talosctl`.
    Talosctl,
    /// Assignments for a POSIX shell.
    Env,
    /// Lines for `/etc/hosts`.
    Hosts,
    /// Reservations for dnsmasq.
    DhcpDnsmasq,
    /// Reservations for Kea.
    DhcpKea,
    /// Reservations for ISC dhcpd.
    DhcpIsc,
}

impl Rendering {
    /// Every form.
    pub const ALL: [Self; 9] = [
        Self::Json,
        Self::Yaml,
        Self::Talconfig,
        Self::Talosctl,
        Self::Env,
        Self::Hosts,
        Self::DhcpDnsmasq,
        Self::DhcpKea,
        Self::DhcpIsc,
    ];
}

/// The document in one form, with a newline at its end.
pub fn render(document: &BootstrapContract, rendering: Rendering) -> String {
    match rendering {
        Rendering::Json => json(document),
        Rendering::Yaml => yaml::text(&yaml::of_json(&json_value(document))),
        Rendering::Talconfig => talconfig::text(document),
        Rendering::Talosctl => talosctl::text(document),
        Rendering::Env => env::text(document),
        Rendering::Hosts => hosts::text(document),
        Rendering::DhcpDnsmasq => dhcp::dnsmasq(document),
        Rendering::DhcpKea => dhcp::kea(document),
        Rendering::DhcpIsc => dhcp::isc(document),
    }
}

fn json_value(document: &BootstrapContract) -> serde_json::Value {
    document.to_value().to_json()
}

fn json(document: &BootstrapContract) -> String {
    format!("{:#}\n", json_value(document))
}
