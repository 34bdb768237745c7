# A pair that the code takes and the documents do not list.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.14.0"
kubernetes_version = "v1.32.0"
#                    ^^^^^^^^^ warning version-pair-doubtful
#= kubernetes_version = "v1.33.0"
