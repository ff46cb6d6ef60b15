// A machine container that is ready when its web server answers, with limits in a profile.
package main

import (
	"bothy/sdk/bothy"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		small, err := bothy.NewProfile(ctx, "small", &bothy.ProfileArgs{
			Config: pulumi.StringMap{
				"limits.memory":    pulumi.String("64MiB"),
				"limits.processes": pulumi.String("100"),
			},
		})
		if err != nil {
			return err
		}
		web, err := bothy.NewContainer(ctx, "web", &bothy.ContainerArgs{
			Image:    pulumi.String("template:busybox"),
			Profiles: pulumi.StringArray{pulumi.String("default"), small.Name},
			Files: bothy.ContainerFileMap{
				"/etc/rc.local": bothy.ContainerFileArgs{
					Mode:    pulumi.String("0755"),
					Content: pulumi.String("#!/bin/sh\nhttpd -h /var/www\n"),
				},
				"/var/www/index.html": bothy.ContainerFileArgs{Content: pulumi.String("Hello from Go.\n")},
			},
			Wait: bothy.ContainerWaitArgs{
				Command: pulumi.ToStringArray([]string{"wget", "-q", "-O", "/root/page", "http://localhost/"}),
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("address", web.Ipv4Address)
		ctx.Export("server", bothy.GetServerOutput(ctx, bothy.GetServerOutputArgs{}).Server())
		return nil
	})
}
