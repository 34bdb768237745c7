terraform {
  required_providers {
    awkward = { source = "terraform.local/example/awkward" }
  }
}
provider "awkward" {
  directory = "things"
}
resource "awkward_thing" "one" {
  name = "one"
  text = "as made"
  lifecycle {
    ignore_changes = [text]
  }
}
