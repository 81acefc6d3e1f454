# What is installed (docs/library.md lists it): the program, the library shared and static, headers, how to find them.
#
# Both forms of the library define what include/picojoule declares with PJ_API, and nothing else: names that several
# files of the library share are hidden. An archive has no notion of that, so all objects become one, in which such
# names are local. Where the tools for it are absent the archive holds the objects as they are.
include(CMakePackageConfigHelpers)
option(PJ_SHARED "Build the shared library, too" ON)
get_property(CAN_SHARE GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS)

# ---- shared ----
set(INSTALLED_LIBRARIES "")
if(PJ_SHARED AND CAN_SHARE)
  add_library(libpicojoule SHARED ${LIBRARY_OBJECTS})
  set_target_properties(libpicojoule PROPERTIES OUTPUT_NAME picojoule EXPORT_NAME shared LINKER_LANGUAGE C
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_include_directories(libpicojoule INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(libpicojoule PRIVATE ${LIBRARY_NEEDS})
  if(PJ_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_link_options(libpicojoule PRIVATE -fno-lto)
  endif()
  list(APPEND INSTALLED_LIBRARIES libpicojoule)
  install(TARGETS libpicojoule EXPORT picojoule-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# ---- static ----
if(CMAKE_OBJCOPY AND CMAKE_LINKER AND NOT APPLE AND NOT WIN32 AND NOT PJ_SANITIZE AND NOT PJ_COVERAGE)
  set(ARCHIVED ${CMAKE_CURRENT_BINARY_DIR}/picojoule${CMAKE_C_OUTPUT_EXTENSION})
  add_custom_command(
    OUTPUT ${ARCHIVED}
    COMMAND ${CMAKE_LINKER} -r -o ${ARCHIVED}.all ${LIBRARY_OBJECTS}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --remove-section=.gnu.*lto_* --strip-symbol=__gnu_lto_*
            ${ARCHIVED}.all ${ARCHIVED}
    DEPENDS ${LIBRARY_OBJECTS} COMMAND_EXPAND_LISTS VERBATIM)
  add_library(libpicojoule_static STATIC ${ARCHIVED})
  set_source_files_properties(${ARCHIVED} PROPERTIES EXTERNAL_OBJECT ON)
else()
  message(STATUS "The static library defines internal names, too: no objcopy, or a build for tests")
  add_library(libpicojoule_static STATIC ${LIBRARY_OBJECTS})
endif()
set_target_properties(libpicojoule_static PROPERTIES OUTPUT_NAME picojoule EXPORT_NAME static LINKER_LANGUAGE C)
target_include_directories(libpicojoule_static INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS libpicojoule_static EXPORT picojoule-static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

# ---- the program, headers, tables ----
install(TARGETS picojoule RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/picojoule DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${GENERATED}/picojoule/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/picojoule)
install(DIRECTORY energy_tables op_rules footprint_data DESTINATION ${CMAKE_INSTALL_DATADIR}/picojoule)
install(FILES share/picojoule.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME picojoule)
install(FILES share/_picojoule DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES share/picojoule.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# The manual page is what the program says of itself; one for another machine cannot be asked.
if(NOT CMAKE_CROSSCOMPILING)
  set(MANUAL ${CMAKE_CURRENT_BINARY_DIR}/picojoule.1)
  add_custom_command(TARGET picojoule POST_BUILD COMMAND $<TARGET_FILE:picojoule> help --man > ${MANUAL} VERBATIM)
  install(FILES ${MANUAL} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# ---- pkg-config: prefix is where the file is found, so the tree can be moved ----
set(PJ_LIBS "-lm")
if(PJ_RUNTIME)
  foreach(library IN LISTS CMAKE_DL_LIBS)
    string(APPEND PJ_LIBS " -l${library}")
  endforeach()
endif()
if(CMAKE_THREAD_LIBS_INIT)
  string(APPEND PJ_LIBS " ${CMAKE_THREAD_LIBS_INIT}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(PJ_PREFIX ${CMAKE_INSTALL_PREFIX})
  set(PJ_LIBDIR ${CMAKE_INSTALL_LIBDIR})
else()
  file(RELATIVE_PATH UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" UP "${UP}")
  set(PJ_PREFIX "\${pcfiledir}/${UP}")
  set(PJ_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
list(JOIN PJ_REQUIRES " " PJ_REQUIRED)
configure_file(cmake/picojoule.pc.in picojoule.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/picojoule.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- find_package(picojoule [COMPONENTS shared|static]) ----
set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/picojoule)
string(REPLACE ";" " " PJ_MODULES "${PJ_REQUIRES}") # as pkg_check_modules takes them
string(REPLACE " >= " ">=" PJ_MODULES "${PJ_MODULES}")
configure_package_config_file(cmake/picojoule-config.cmake.in picojoule-config.cmake INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(picojoule-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/picojoule-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/picojoule-config-version.cmake DESTINATION ${PACKAGE_DIR})
install(EXPORT picojoule-static NAMESPACE picojoule:: DESTINATION ${PACKAGE_DIR})
if(TARGET libpicojoule)
  install(EXPORT picojoule-shared NAMESPACE picojoule:: DESTINATION ${PACKAGE_DIR})
endif()
