terraform {
  # Provider functions in `validation` blocks, and ephemeral variables, came with 1.10.
  required_version = ">= 1.10"

  required_providers {
    eminfra = {
      source = "terraform.local/em-infra/eminfra"
    }
  }
}
