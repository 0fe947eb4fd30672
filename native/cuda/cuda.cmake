# The CUDA backend: CUDA_BACKEND are its objects, CUDA_LIBRARIES what they link. See CONVCORE_CUDA.
set(CUDA_DIR ${CMAKE_CURRENT_LIST_DIR})
set(CUDA_KERNELS
    activation.cu
    compare.cu
    conv.cu
    conv_columns.cu
    conv_implicit.cu
    cross_entropy.cu
    depthwise.cu
    elementwise.cu
    foreach.cu
    gemm.cu
    group_norm.cu
    im2col.cu
    indexing.cu
    indices.cu
    interpolate.cu
    linalg.cu
    loss.cu
    matmul.cu
    norm.cu
    optim.cu
    pool.cu
    random.cu
    reduce.cu
    resample.cu
    response_norm.cu
    shape.cu
    softmax.cu
    sort.cu
    standardize.cu
    unary.cu
    unpool.cu
    warp.cu)
set(CUDA_HOST
    algorithm.cpp
    arrivals.cpp
    blas.cpp
    context.cpp
    device.cpp
    dnn.cpp
    dnn_library.cpp
    dnn_norm.cpp
    dnn_plan.cpp
    driver.cpp
    fastest.cpp
    folders.cpp
    kernels.cpp
    library.cpp
    memory.cpp
    pinned.cpp
    settings.cpp)
list(TRANSFORM CUDA_KERNELS PREPEND ${CUDA_DIR}/)
list(TRANSFORM CUDA_HOST PREPEND ${CUDA_DIR}/)

find_program(CONVCORE_NVCC nvcc HINTS $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
if(CONVCORE_CUDA STREQUAL auto)
  set(CONVCORE_CUDA none)
  if(CONVCORE_NVCC)
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader OUTPUT_VARIABLE capabilities
                    RESULT_VARIABLE failed ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT failed AND capabilities MATCHES "^[0-9]+\\.[0-9]")
      set(CONVCORE_CUDA real)
      string(REPLACE "." "" capabilities "${capabilities}")
      string(REPLACE "\n" ";" CONVCORE_CUDA_ARCHITECTURES "${capabilities}")
      list(REMOVE_DUPLICATES CONVCORE_CUDA_ARCHITECTURES)
    endif()
  endif()
endif()
message(STATUS "convcore: CUDA is ${CONVCORE_CUDA}")

if(CONVCORE_CUDA STREQUAL none)
  add_library(cuda OBJECT ${CUDA_DIR}/absent.cpp ${CUDA_DIR}/settings.cpp)
elseif(CONVCORE_CUDA STREQUAL real)
  if(NOT CONVCORE_NVCC)
    message(FATAL_ERROR "CONVCORE_CUDA=real needs nvcc on the PATH, in $CUDA_PATH/bin or in /usr/local/cuda/bin")
  endif()
  set(CMAKE_CUDA_COMPILER ${CONVCORE_NVCC})
  # Machine code for each, and PTX of the newest for what comes later.
  list(GET CONVCORE_CUDA_ARCHITECTURES -1 newest)
  list(TRANSFORM CONVCORE_CUDA_ARCHITECTURES APPEND "-real" OUTPUT_VARIABLE CMAKE_CUDA_ARCHITECTURES)
  list(APPEND CMAKE_CUDA_ARCHITECTURES ${newest}-virtual)
  set(CMAKE_CUDA_STANDARD 17)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  add_library(cuda OBJECT ${CUDA_KERNELS} ${CUDA_HOST})
  target_compile_options(cuda PRIVATE
      $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -Xfatbin=-compress-all -Xcompiler=-Wall,-Wextra>)
  # Random numbers are the CPU's, bit for bit.
  set_source_files_properties(${CUDA_DIR}/random.cu PROPERTIES COMPILE_OPTIONS "-fmad=false;-diag-suppress=1675")
  # So are the places that warps take from.
  set_source_files_properties(${CUDA_DIR}/warp.cu PROPERTIES COMPILE_OPTIONS -fmad=false)
  target_include_directories(cuda PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  set(CUDA_LIBRARIES CUDA::cudart_static)
elseif(CONVCORE_CUDA STREQUAL emulated)
  include(${CUDA_DIR}/../emulation/emulation.cmake)
  set_source_files_properties(${CUDA_KERNELS} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "${EMULATION_CHECKS};-Wno-unknown-pragmas")
  add_library(cuda OBJECT ${CUDA_KERNELS} ${CUDA_HOST})
  target_compile_definitions(cuda PUBLIC CONVCORE_CUDA_EMULATED)
  target_compile_options(cuda PRIVATE -O1 -g -ffp-contract=off)
  target_include_directories(cuda PRIVATE $<TARGET_PROPERTY:emulation,INTERFACE_INCLUDE_DIRECTORIES>)
  list(APPEND CUDA_BACKEND $<TARGET_OBJECTS:emulation>)
  # One allocation per tensor, so that the bounds of each are checked.
  add_compile_definitions(CONVCORE_POOL_NONE)
else()
  message(FATAL_ERROR "CONVCORE_CUDA: expected auto, real, emulated or none, got ${CONVCORE_CUDA}")
endif()
target_compile_options(cuda PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -fvisibility=hidden>)
list(APPEND CUDA_BACKEND $<TARGET_OBJECTS:cuda>)
