// Command coredns is CoreDNS with the plugins that a cluster needs, and none of the cloud providers' SDKs,
// which are most of the usual program and most of its build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

// In the order in which a query passes through them: what no zone answers ends in a template.
var directives = []string{
	"reload", "health", "ready", "log", "errors", "cache", "kubernetes", "template",
}

func main() {
	dnsserver.Directives = directives
	coremain.Run()
}
