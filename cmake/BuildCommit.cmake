# Writes HEADER with the commit of the source tree SOURCE: cmake -D SOURCE=... -D HEADER=... -P BuildCommit.cmake. The commit
# is empty where there is no repository of this tree (an archive of the source), and has "-modified" after it when files that
# git knows differ from it. HEADER is touched only when that changes.
cmake_minimum_required(VERSION 3.25)
set(commit "")
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(commit "")
  else()
    execute_process(COMMAND ${GIT} --no-optional-locks -C ${SOURCE} status --porcelain --untracked-files=no
      OUTPUT_VARIABLE differs ERROR_QUIET)
    if(differs)
      set(commit "${commit}-modified")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define WB_COMMIT \"${commit}\"\n")
