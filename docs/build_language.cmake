# Builds one language of the site: Doxygen's own header, with this language's `lang` and a link to
# the other language, then the pages. Run by docs/CMakeLists.txt, which sets the names used here.

cmake_path(GET HEADER PARENT_PATH work)
execute_process(
  COMMAND ${DOXYGEN} -w html ${HEADER} ${work}/unused_footer.html ${work}/unused.css
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(READ ${HEADER} header)

# Doxygen 1.9.4 writes no lang attribute, later ones write their own.
string(REGEX REPLACE "<html[^>]*>"
  "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"${HTML_LANG}\">" header "${header}")
# link_twins.cmake makes this link lead to the same page in the other language.
string(REGEX REPLACE "(<div id=\"top\">[^\n]*\n)"
  "\\1<a id=\"twin\" href=\"$relpath^../${TWIN}/index.html\" hreflang=\"${TWIN_HTML_LANG}\" lang=\"${TWIN_HTML_LANG}\">${TWIN_NAME}</a>\n"
  header "${header}")
if(NOT header MATCHES "lang=\"${HTML_LANG}\"" OR NOT header MATCHES "id=\"twin\"")
  message(FATAL_ERROR "site: this Doxygen's header has another shape; see ${HEADER}")
endif()
file(WRITE ${HEADER} "${header}")

file(REMOVE_RECURSE ${OUTPUT})
file(MAKE_DIRECTORY ${OUTPUT})
execute_process(COMMAND ${DOXYGEN} ${DOXYFILE} RESULT_VARIABLE status ERROR_VARIABLE warnings)
# Some releases say of their own Chinese that a few of its sentences are still English: no fault here.
string(REGEX REPLACE
  "[^\n]*The selected output language[^\n]*\n?[^\n]*As a result some sentences[^\n]*\n*" ""
  ours "${warnings}")
if(NOT ours STREQUAL "")
  message("${ours}")
endif()
if(NOT status EQUAL 0 AND (ours STREQUAL warnings OR NOT ours STREQUAL ""))
  message(FATAL_ERROR "site: doxygen warned (see above); a warning is an error here")
endif()
