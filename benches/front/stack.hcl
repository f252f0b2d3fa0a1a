# ---- shop @: web servers, a database and a CDN in front of them.

# How many web servers to run. The load test of last spring showed that two carry a usual day;
# more are wanted before a sale. (Ask the platform team before going above eight.)
variable "replicas_@" {
  type    = number
  default = 2
  validation {
    condition     = var.replicas_@ >= 1 && var.replicas_@ <= 10
    error_message = "between 1 and 10 web servers, not ${var.replicas_@}"
  }
}
variable "size_@" {
  type    = string
  default = "small"
}
variable "allowed_@" {
  type    = set(string)
  default = ["10.0.0.0/8", "192.168.0.0/16"]
}
variable "bastion_@" {
  type    = bool
  default = false
}

locals {
  plans_@ = { small = "standard-8", large = "standard-16" }
  labels_@ = {
    team        = "platform"
    cost_center = "cc-${1000 + 7 * 3}"
    purpose     = "shop @: the web tier, its database and the edge"
  }
  ports_@ = [80, 443, 8080 + 1, 9000]
}

resource "ssh_key" "deploy_@" {
  name       = "deploy-@"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0cyMHvHGVvVpVbxb8xTjZ5ZbyF4b3nVdKQ0qGJr1aF shop-@ at example.com"
}

# The web tier: stateless, so a change of image makes new ones first.
resource "server" "web_@" {
  for_each    = toset([for n in range(1, var.replicas_@ + 1) : tostring(n)])
  name        = "web-@-${format("%02d", each.key)}"
  region      = "eu-west-2" # close to the database
  plan        = local.plans_@[var.size_@]
  image       = "ubuntu-22.04"
  ssh_keys    = [ssh_key.deploy_@.id]
  auto_backup = true

  lifecycle {
    create_before_destroy = true
  }
  timeouts {
    create = "20m"
    delete = "10m"
  }
}

resource "compute_instance" "jump_@" {
  count    = var.bastion_@ ? 1 : 0
  name     = "jump-@"
  type     = "standard-2x4"
  region   = "us-east-1"
  image    = "ubuntu-22.04-lts"
  ssh_keys = [ssh_key.deploy_@.id]
  tags     = { environment = terraform.workspace, team = local.labels_@.team, "cost-center" = local.labels_@.cost_center }
}

resource "database" "main_@" {
  name          = "main-@"
  engine        = "postgresql"
  tier          = var.size_@ == "large" ? "production-high" : "production-standard"
  region        = "eu-west-2"
  read_replicas = var.size_@ == "large" && var.replicas_@ > 2 ? 2 : 1

  # Scaling copies the data: an hour is usual for the larger tiers.
  timeouts {
    scale = "1h30m"
  }
}

resource "cdn_zone" "edge_@" {
  domain              = "shop-@.example.com"
  origin_url          = "http://${server.web_@[1].ipv4}"
  default_ttl_seconds = 60 * 60 + 30
}

resource "cdn_routing_rule" "static_@" {
  zone_id  = cdn_zone.edge_@.id
  name     = "static-@"
  priority = 10
  match    = { path = "/static/*" }
  action   = { type = "cache", ttl_seconds = 86400 }
}

resource "cdn_routing_rule" "images_@" {
  zone_id  = cdn_zone.edge_@.id
  name     = "images-@"
  priority = 20
  match    = { path = "/images/*.webp" }
  action = {
    type        = "cache"
    ttl_seconds = 7 * 24 * 3600
  }
}

# Empties the cache whenever the origin's servers change.
resource "cdn_purge" "assets_@" {
  zone_id = cdn_zone.edge_@.id
  paths   = ["/assets/*", "/static/images/*.webp", "/index-@.html"]
  lifecycle {
    replace_triggered_by = [server.web_@]
  }
}

check "shop_@_answers" {
  assert {
    condition     = length(server.web_@) >= 1
    error_message = "shop @ has no web server"
  }
}

output "addresses_@" {
  value = { for n, s in server.web_@ : s.name => s.ipv4 }
}
output "open_ports_@" {
  value = [for p in local.ports_@ : "tcp/${p}" if p > 100]
}
output "summary_@" {
  value = {
    domain  = cdn_zone.edge_@.domain
    purpose = local.labels_@.purpose
    url     = "https://${cdn_zone.edge_@.domain}/?shop=@&size=${var.size_@}"
    allowed = [for c in var.allowed_@ : { cidr = c, why = "shop @ is private" }]
  }
}
output "motd_@" {
  value = <<-EOT
    Welcome to shop @.
    Size: ${var.size_@}; servers: ${var.replicas_@}.
    Ask ${local.labels_@.team} before you change anything by hand.
  EOT
}

