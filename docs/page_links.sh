#!/bin/sh
# Turns links between files of the tree, which work where the tree is browsed, into links between
# pages of the site. Doxygen runs it over each Markdown file: page_links.sh LANGUAGE FILE
#
#   ](../../notes/en/01-sockets.md)       the notes page      notes_01_sockets
#   ](../01-socket-basics/README.md)      the lab's page      lab_01_socket_basics
#   ](../../ftp/README.md)                the capstone's page      lab_ftp_capstone
#   ](../../ftp/PROTOCOL.md)              the protocol's page      ftp_protocol
#   [中文](README.zh.md) and the like     dropped: each page of the site has its own language link
#   ](socket_basics.hpp)                  the header's page
#   a link to any other file of the tree  its text alone: the site has no page for it
#   ![…](../figures/x.svg)                the figure's file name, which Doxygen finds and copies
#   <details>, <summary>, </details>      passed to the page as they stand (Doxygen 1.9.4 writes an
#                                         empty second pair)
set -eu
language=$1
file=$2

case $language in
  en) twin_link='\[(中文|Chinese)\]\([^)]*\)' ;;
  *) twin_link='\[(English|英文)\]\([^)]*\)' ;;
esac

# For Chinese: a line break between its characters must not become a space in the page. Doxygen
# takes *this* and **this** for emphasis only between spaces, which Chinese does not write, and it
# drops a percent sign before a character of more than one byte, as if a name followed.
chinese() {
  LC_ALL=C awk '
    function emphasised(line,    parts, count, i, text, tag, whole) {
      count = split(line, parts, "`")  # the odd parts stand outside `code`
      for (i = 1; i <= count; i++) {
        if (i % 2) {
          if (line !~ /^ *<(details|summary)/) gsub(/%/, "\\%", parts[i])
          while (match(parts[i], /\*\*[^*]+\*\*/) || match(parts[i], /\*[^* ][^*]*\*/)) {
            text = substr(parts[i], RSTART, RLENGTH)
            tag = text ~ /^\*\*/ ? "b" : "em"
            gsub(/\*/, "", text)
            parts[i] = substr(parts[i], 1, RSTART - 1) "<" tag ">" text "</" tag ">" \
              substr(parts[i], RSTART + RLENGTH)
          }
        }
        whole = i == 1 ? parts[1] : whole "`" parts[i]
      }
      return whole
    }
    function flush() { if (held) print fence_line ? last : emphasised(last) }
    {
      line = $0
      is_fence = line ~ /^```/
      joins = 0
      if (held && !fenced && !is_fence && last !~ /^(#|```)/) {
        joins = last ~ /[\200-\377]$/ && line ~ /^ *[\200-\377]/
        if (last ~ /(，|。|；|：|、|）)$/ && line ~ /^ *[A-Za-z0-9`[*]/ && line !~ /^ *([0-9]+\.|\*) /)
          joins = 1
      }
      if (joins) {
        sub(/^ +/, "", line)
        last = last line
      } else {
        flush()
        last = line
        fence_line = fenced || is_fence
        held = 1
      }
      if (is_fence) fenced = !fenced
    }
    END { flush() }' "$1"
}

# A page's name in Doxygen has underscores where the file's has hyphens. Fenced code stays as it is.
# shellcheck disable=SC2016  # the backquotes are Markdown's
case $language in
  zh) chinese "$file" ;;
  *) cat "$file" ;;
esac | sed -E '
/^```/,/^```/b
s#^ *(<details>.*|<summary>.*|</summary>.*|</details>) *$#\\htmlonly[block]\1\\endhtmlonly#
s#(!\[[^]]*\]\()(\.\./|notes/)*figures/#\1#g
s#'"$twin_link"'##g
:lab
s#\]\((\.\./|labs/)*([0-9][0-9])-([a-z0-9_-]+)/README(\.zh)?\.md(\#[A-Za-z0-9_-]+)?\)#](@ref lab_\2_<\3>)#
t id
:notes
s#\]\((\.\./|notes/|en/|zh/)*([0-9][0-9])-([a-z0-9_-]+)\.md(\#[A-Za-z0-9_-]+)?\)#](@ref notes_\2_<\3>)#
t id
s#\]\((\.\./)*ftp/README(\.zh)?\.md\)#](@ref lab_ftp_capstone)#g
s#\]\((\.\./)*(ftp/)?PROTOCOL\.md\)#](@ref ftp_protocol)#g
b others
:id
s#(@ref (lab|notes)_[0-9][0-9]_<[a-z0-9_]*)-#\1_#
t id
s#(@ref (lab|notes)_[0-9][0-9]_)<([a-z0-9_]*)>#\1\3#
b lab
:others
s#\]\((\.\./|\./|labs/|ftp/|[0-9][0-9]-[a-z0-9-]+/)*([a-z0-9_]+\.hpp)\)#](@ref \2)#g
s#(^|[^!])\[([^]]*)\]\([A-Za-z0-9_./-]*[./][A-Za-z0-9_./-]*\)#\1\2#g
'
