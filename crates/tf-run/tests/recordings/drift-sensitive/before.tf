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
  secret = "as made"
  text = sensitive("as made")
  lifecycle {
    ignore_changes = [text]
  }
}
