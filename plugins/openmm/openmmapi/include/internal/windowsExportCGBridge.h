#ifndef CGBRIDGE_WINDOWSEXPORTCGBRIDGE_H_
#define CGBRIDGE_WINDOWSEXPORTCGBRIDGE_H_

/*
 * Shared libraries on Windows need every exported symbol marked; elsewhere the
 * markers vanish.  CGBRIDGE_BUILDING_SHARED_LIBRARY is set while the core library
 * itself is compiled.
 */
#ifdef _MSC_VER
    #if defined(CGBRIDGE_BUILDING_SHARED_LIBRARY)
        #define CGBRIDGE_EXPORT __declspec(dllexport)
    #else
        #define CGBRIDGE_EXPORT __declspec(dllimport)
    #endif
#else
    #define CGBRIDGE_EXPORT
#endif

#endif /*CGBRIDGE_WINDOWSEXPORTCGBRIDGE_H_*/
