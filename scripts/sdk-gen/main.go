// Command sdk-gen writes the packages of a Pulumi schema for languages that programs are written in.
//
//	sdk-gen SCHEMA VERSION OUTPUT [LANGUAGE...]
//
// SCHEMA is schema.json, VERSION what the packages get, OUTPUT a folder that gets a folder for each language, in the place of
// what is there under its name. Without languages all are written. The schema is bound and checked first: what Pulumi would
// refuse or warn of ends the command with exit code 1, and nothing is written.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("Usage: sdk-gen SCHEMA VERSION OUTPUT [LANGUAGE...], languages: %s", strings.Join(names(), ", ")))
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func run(file, version, output string, wanted []string) error {
	if len(wanted) == 0 {
		wanted = names()
	}
	for _, name := range wanted {
		if languages[name] == nil {
			return fmt.Errorf("Cannot write a package for %q: the languages are %s.", name, strings.Join(names(), ", "))
		}
	}
	for _, name := range wanted {
		// Each language changes what it is given, so each gets a schema of its own.
		pkg, err := bind(file, version)
		if err != nil {
			return err
		}
		files, err := languages[name](pkg)
		if err != nil {
			return fmt.Errorf("Cannot write the package for %s: %w", name, err)
		}
		folder := filepath.Join(output, name)
		if err := write(folder, files); err != nil {
			return err
		}
		fmt.Printf("%s: %d files in %s\n", name, len(files), folder)
	}
	return nil
}

// bind reads a schema and has Pulumi check it. An error names all that is wrong, warnings included.
func bind(file, version string) (*schema.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("Cannot read %s: %w", file, err)
	}
	spec.Version = version
	// Module files and versions as `pulumi package add` has them, whatever the schema says.
	spec.Meta = &schema.MetadataSpec{SupportPack: true}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewPluginLoader(nil), schema.ValidationOptions{})
	if err != nil {
		return nil, fmt.Errorf("Cannot bind %s: %w", file, err)
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("Cannot use %s:\n%s", file, strings.Join(told(diagnostics), "\n"))
	}
	return pkg, nil
}

func told(diagnostics hcl.Diagnostics) []string {
	lines := make([]string, 0, len(diagnostics))
	for _, one := range diagnostics {
		lines = append(lines, fmt.Sprintf("%s; %s", one.Summary, one.Detail))
	}
	return lines
}

// write makes a folder with files, and with nothing that was in it before.
func write(folder string, files map[string][]byte) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func names() []string {
	all := make([]string, 0, len(languages))
	for name := range languages {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
