# What we build on: the machine's libraries, found by pkg-config, or sources of a known version that are compiled along
# (packaging/deps.sh lays them into PJ_DEPS_DIR; nothing is ever fetched from here). Either way the targets
# PkgConfig::PROTOBUF_C, ::SQLITE and ::ZLIB are there, as far as they are wanted.
option(PJ_SYSTEM_DEPS "Link the machine's protobuf-c, SQLite and zlib; OFF: compile those in PJ_DEPS_DIR along" ON)
set(PJ_DEPS_DIR "${PROJECT_SOURCE_DIR}/build/deps" CACHE PATH "Sources for PJ_SYSTEM_DEPS=OFF, as packaging/deps.sh makes them")
find_package(PkgConfig REQUIRED)

# pj_dependency(TARGET PKG-CONFIG-NAME FOLDER SOURCE...): from the machine, or SOURCEs of PJ_DEPS_DIR/FOLDER.
# PJ_REQUIRES has what an installed library asks pkg-config for; PJ_BUNDLED the objects that it holds instead.
set(PJ_REQUIRES "")
set(PJ_BUNDLED "")
function(pj_dependency target module folder)
  if(PJ_SYSTEM_DEPS)
    pkg_check_modules(${target} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    string(REGEX REPLACE "([<>]=?)" " \\1 " asked ${module})
    set(PJ_REQUIRES ${PJ_REQUIRES} "${asked}" PARENT_SCOPE)
    return()
  endif()
  list(TRANSFORM ARGN PREPEND ${PJ_DEPS_DIR}/${folder}/ OUTPUT_VARIABLE sources)
  foreach(source IN LISTS sources)
    if(NOT EXISTS ${source})
      message(FATAL_ERROR "PJ_SYSTEM_DEPS is OFF, and ${source} is not there: packaging/deps.sh ${PJ_DEPS_DIR}")
    endif()
  endforeach()
  string(TOLOWER pj_${target} name)
  add_library(${name} OBJECT ${sources})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden C_EXTENSIONS ON)
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM INTERFACE ${PJ_DEPS_DIR}/${folder})
  add_library(pj_use_${name} INTERFACE) # its headers; its objects are the library's
  target_include_directories(pj_use_${name} SYSTEM INTERFACE ${PJ_DEPS_DIR}/${folder})
  add_library(PkgConfig::${target} ALIAS pj_use_${name})
  set(PJ_BUNDLED ${PJ_BUNDLED} $<TARGET_OBJECTS:${name}> PARENT_SCOPE)
endfunction()

pj_dependency(PROTOBUF_C libprotobuf-c protobuf-c protobuf-c/protobuf-c.c)
if(PJ_HISTORY)
  pj_dependency(SQLITE sqlite3>=3.31 sqlite3 sqlite3.c)
  if(NOT PJ_SYSTEM_DEPS)
    target_compile_definitions(pj_sqlite PRIVATE SQLITE_OMIT_LOAD_EXTENSION SQLITE_OMIT_DEPRECATED SQLITE_DQS=0
                               SQLITE_THREADSAFE=$<IF:$<BOOL:${PJ_THREADS}>,1,0>)
  endif()
endif()
if(PJ_ZLIB)
  pj_dependency(ZLIB zlib zlib adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c)
endif()
find_program(PROTOC_C NAMES protoc-c REQUIRED)
