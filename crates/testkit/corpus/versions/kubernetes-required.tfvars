# A Talos release whose Kubernetes is not known here.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.14.0"
#! error kubernetes-version-required
#+ kubernetes_version = "v1.36.0"
