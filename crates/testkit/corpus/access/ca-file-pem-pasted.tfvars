# The certificate itself in place of its path.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
proxmox_tls_ca_file = "-----BEGIN CERTIFICATE-----\nMIIB"
#                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error text-control
#= proxmox_tls_ca_file = "ca.pem"
