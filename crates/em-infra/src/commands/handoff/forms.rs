//! The forms that can be asked for.

use clap::ValueEnum;
use contract::handoff::Rendering;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Form {
    /// The document itself.
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

impl From<Form> for Rendering {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Yaml => Self::Yaml,
            Form::Talconfig => Self::Talconfig,
            Form::Talosctl => Self::Talosctl,
            Form::Env => Self::Env,
            Form::Hosts => Self::Hosts,
            Form::DhcpDnsmasq => Self::DhcpDnsmasq,
            Form::DhcpKea => Self::DhcpKea,
            Form::DhcpIsc => Self::DhcpIsc,
        }
    }
}
