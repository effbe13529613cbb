# Points each page's language link at its twin: the page of the same name in the other language,
# where there is one, else the other language's first page. And takes out a link that Doxygen writes
# to a list of nested classes where it leaves the list out, as all of them are private.

foreach(pair en:zh zh:en)
  string(REPLACE : ";" pair ${pair})
  list(GET pair 0 language)
  list(GET pair 1 other)
  file(GLOB pages RELATIVE ${SITE}/${language} ${SITE}/${language}/*.html)
  foreach(page IN LISTS pages)
    set(target index.html)
    if(EXISTS ${SITE}/${other}/${page})
      set(target ${page})
    endif()
    file(READ ${SITE}/${language}/${page} old)
    string(REGEX REPLACE "(<a id=\"twin\" href=\")[^\"]*\"" "\\1../${other}/${target}\"" new "${old}")
    if(NOT new MATCHES "id=\"nested-classes\"")
      string(REGEX REPLACE "<a href=\"#nested-classes\">[^<]*</a> &#124;\n" "" new "${new}")
    endif()
    if(NOT new STREQUAL old)
      file(WRITE ${SITE}/${language}/${page} "${new}")
    endif()
  endforeach()
endforeach()
