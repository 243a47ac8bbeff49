#ifndef CGBRIDGE_FORMLIST_H_
#define CGBRIDGE_FORMLIST_H_

namespace CGBridge {

/**
 * Stands for a form where a function takes its type as a template argument.
 */
template <class ForceType>
struct FormTag {
    using Force = ForceType;
};

/**
 * A list of forms, each named by its subclass of CenterForce.
 */
template <class... ForceTypes>
struct FormList {
    /**
     * Call a function with the FormTag of each form.
     */
    template <class Function>
    static void forEach(Function function) {
        (function(FormTag<ForceTypes>()), ...);
    }
};

} // namespace CGBridge

#endif /*CGBRIDGE_FORMLIST_H_*/
