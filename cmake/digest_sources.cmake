# cmake -DROOT=<project> -DDIGEST_OUT=<file> -P digest_sources.cmake : one SHA-256 over everything that the library is made of,
# so that it can be told whether an engine is that of the sources at hand. Included, it sets `digest`.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/src/*.[ch] ${ROOT}/include/* ${ROOT}/proto/* ${ROOT}/energy_tables/*.json
     ${ROOT}/hierarchies/*.json ${ROOT}/op_rules/*.json ${ROOT}/footprint_data/*.json)
list(FILTER files EXCLUDE REGEX "^src/(apply|cli|evaluate|runtime|samples)/")
list(SORT files)
set(text "")
foreach(name IN LISTS files)
  file(SHA256 ${ROOT}/${name} digest)
  string(APPEND text "${name} ${digest}\n")
endforeach()
string(SHA256 digest "${text}")
if(DIGEST_OUT)
  file(WRITE ${DIGEST_OUT} "${digest}\n")
endif()
