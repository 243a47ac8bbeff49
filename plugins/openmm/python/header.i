%{
#include "DescriptorNetworkForce.h"
#include "StillingerWeberForce.h"
#include "TersoffForce.h"
#include "OpenMM.h"
#include "OpenMMAmoeba.h"
#include "OpenMMDrude.h"
#include "openmm/RPMDIntegrator.h"
#include "openmm/RPMDMonteCarloBarostat.h"

using namespace OpenMM;

/**
 * Turn a Quantity into a number of OpenMM's unit system (nm, ps, amu, kJ/mol, K), and pass
 * everything else on.  Returns a new reference, or null with the Python error set.
 */
static PyObject* stripUnits(PyObject* input) {
    static PyObject* unitModule = PyImport_ImportModule("openmm.unit");
    if (unitModule == nullptr)
        return nullptr;
    PyObject* quantityClass = PyObject_GetAttrString(unitModule, "Quantity");
    int isQuantity = PyObject_IsInstance(input, quantityClass);
    Py_XDECREF(quantityClass);
    if (isQuantity < 0)
        return nullptr;
    if (isQuantity == 0) {
        Py_INCREF(input);
        return input;
    }
    PyObject* system = PyObject_GetAttrString(unitModule, "md_unit_system");
    PyObject* value = PyObject_CallMethod(input, "value_in_unit_system", "O", system);
    Py_XDECREF(system);
    return value;
}
%}

%typemap(typecheck, precedence=SWIG_TYPECHECK_DOUBLE) double {
    PyObject* stripped = stripUnits($input);
    $1 = (stripped != nullptr && SWIG_IsOK(SWIG_AsVal_double(stripped, nullptr)));
    Py_XDECREF(stripped);
}

%typemap(in) double (double value = 0) {
    PyObject* stripped = stripUnits($input);
    if (stripped == nullptr)
        SWIG_fail;
    int status = SWIG_AsVal_double(stripped, &value);
    Py_DECREF(stripped);
    if (!SWIG_IsOK(status))
        SWIG_exception_fail(SWIG_ArgError(status), "in method '$symname', argument $argnum must be a number");
    $1 = value;
}

%exception {
    try {
        $action
    }
    catch (std::exception& e) {
        PyObject* module = PyImport_AddModule("openmm");
        PyObject* exceptionClass = PyObject_GetAttrString(module, "OpenMMException");
        PyErr_SetString(exceptionClass, e.what());
        Py_XDECREF(exceptionClass);
        SWIG_fail;
    }
}
