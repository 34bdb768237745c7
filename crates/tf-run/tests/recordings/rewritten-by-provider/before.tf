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
  habit = "shouting"
  text = "as made"
}
