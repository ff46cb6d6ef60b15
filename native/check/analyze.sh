#!/bin/sh
# analyze.sh gcc|clang SOURCE FINDINGS FLAG...: has the compiler's analyzer look at a source, and writes what it finds: lines of
#   FILE:FUNCTION: CHECKER: TEXT
# analyze.sh judge gcc|clang REASONS FINDINGS...: ends with an error for each finding that has no line "FILE:FUNCTION: CHECKER: REASON", and for each such line
# of that compiler's that nothing is found for any more.
set -eu

# gcc names the function in a line before its findings, clang in a property list.
look_gcc() {
	LC_ALL=C gcc "$@" -O2 -fanalyzer -fdiagnostics-path-format=none -fno-diagnostics-show-caret -MMD -MP -MF "$findings.d" -MT "$findings" \
		-c -o /dev/null "$source" 2>"$findings.told" || { cat "$findings.told" >&2; return 1; }
	awk '
		/In function '\''/ { split($0, part, "'\''"); function_name = part[2]; next }
		/ warning: .*\[-Wanalyzer-/ {
			file = $0; sub(/:.*/, "", file)
			checker = $0; sub(/.*\[-Wanalyzer-/, "", checker); sub(/\].*/, "", checker)
			text = $0; sub(/.* warning: /, "", text); sub(/ \[(CWE-[0-9]+|-Wanalyzer-).*/, "", text)
			print file ":" function_name ": analyzer-" checker ": " text
		}' "$findings.told"
}

look_clang() {
	clang "$@" -O1 --analyze --analyzer-output plist -MMD -MP -MF "$findings.d" -MT "$findings" \
		-o "$findings.told" "$source" 2>"$findings.said" || { cat "$findings.said" >&2; return 1; }
	awk '
		BEGIN { file_count = 0; found = 0 }
		function value(line) { sub(/^[^>]*>/, "", line); sub(/<\/.*/, "", line); gsub(/&lt;/, "<", line); gsub(/&gt;/, ">", line); gsub(/&quot;/, "\"", line); gsub(/&apos;/, "'\''", line); gsub(/&amp;/, "\\&", line); return line }
		/<key>files<\/key>/ { in_files = 1; next }
		in_files && /<\/array>/ { in_files = 0 }
		in_files && /<string>/ { files[file_count++] = value($0) }
		/<key>description<\/key><string>/ { sub(/.*<\/key>/, ""); text = value($0) }
		/<key>check_name<\/key>/ { sub(/.*<\/key>/, ""); checker = value($0) }
		/<key>issue_context<\/key>/ { sub(/.*<\/key>/, ""); function_name = value($0) }
		/<key>location<\/key>/ { is_location = 1 }
		is_location && /<key>file<\/key>/ && checker != "" { sub(/.*<\/key>/, ""); at[found] = value($0); told[found++] = ":" function_name ": " checker ": " text; checker = ""; function_name = "" }
		/<\/dict>/ { is_location = 0 }
		END { for (i = 0; i < found; i++) print files[at[i]] told[i] }' "$findings.told"
}

judge() {
	awk -v compiler="$1" -v reasons="$2" '
		function key(line) { match(line, /^[^ ]+: [^ ]+:/); return substr(line, 1, RLENGTH) }
		FILENAME == reasons {
			is_gccs = $2 ~ /^analyzer-/
			if ($0 !~ /^(#|$)/ && is_gccs == (compiler == "gcc")) known[key($0)] = 1
			next
		}
		{ found[key($0)] = 1; if (!(key($0) in known) && !($0 in told)) { told[$0] = 1; print $0; missing++ } }
		END {
			for (one in known) if (!(one in found)) { print reasons ": \"" one "\" is found no more. Take the line out."; stale++ }
			if (missing) print missing " of " compiler "\x27s findings have no reason. Mend them, or give the reason in " reasons "."
			exit missing || stale
		}' "$2" $3 >&2
}

case $1 in
gcc | clang)
	compiler=$1 source=$2 findings=$3
	shift 3
	"look_$compiler" "$@" >"$findings.new"
	mv "$findings.new" "$findings"
	;;
judge)
	compiler=$2 reasons=$3
	shift 3
	judge "$compiler" "$reasons" "$*"
	;;
esac
