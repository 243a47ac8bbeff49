#ifndef CGBRIDGE_TRIPLETFORMFORCE_H_
#define CGBRIDGE_TRIPLETFORMFORCE_H_

#include "TripletForce.h"
#include "openmm/OpenMMException.h"
#include <cmath>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * One of the values of a record of parameters: what it is called, and where it is.
 */
template <class ParametersType>
struct TripletField {
    const char* name;
    double ParametersType::*value;
};

/**
 * A TripletForce of one functional form: it keeps a record of parameters for every ordered triplet of types.
 *
 * The record has, beside its values, which are doubles and harmless at first,
 *
 *     static const std::vector<TripletField<ParametersType> >& getFields();   all of them, in the order of a
 *                                                                            LAMMPS potential file
 *     double getCutoff() const;                                              the distance beyond which the
 *                                                                            triplet does nothing
 */
template <class ParametersType>
class TripletFormForce : public TripletForce {
public:
    using Parameters = ParametersType;
    /**
     * Get the parameters of an ordered triplet of types as one record.
     */
    const Parameters& getTriplet(int type1, int type2, int type3, int replica = 0) const {
        return triplets[getExistingTriplet(type1, type2, type3, replica)];
    }
    /**
     * Set the parameters of an ordered triplet of types as one record.  Those of a pair (type2 = type3) are checked
     * here, those of other triplets when a Context is created, because it depends on the pairs whether they matter.
     */
    void setTriplet(int type1, int type2, int type3, const Parameters& triplet, int replica = 0) {
        const int index = getTripletIndex(type1, type2, type3, replica);
        for (const TripletField<Parameters>& field : Parameters::getFields())
            if (!std::isfinite(triplet.*field.value))
                throw OpenMM::OpenMMException(describe(type1, type2, type3, replica)+": all parameters must be finite numbers");
        if (type2 == type3)
            checkPair(triplet, type1, type2, replica);
        triplets[index] = triplet;
        tripletIsSet[index] = 1;
    }
    /**
     * Get what the energy depends on: the parameters with every value that is not used replaced by one that
     * does no harm.  Throws an OpenMMException if one that is used is impossible.
     */
    virtual Parameters getEffectiveTriplet(int type1, int type2, int type3, int replica = 0) const = 0;
protected:
    TripletFormForce(int numTypes, int numReplicas, const std::string& typeName) :
            TripletForce(numTypes, numReplicas, typeName), triplets(tripletIsSet.size()) {
    }
    /**
     * Throw an OpenMMException if a value of a triplet (i, j, j) that is used is impossible.
     */
    virtual void checkPair(const Parameters& pair, int type1, int type2, int replica) const = 0;
    /**
     * Write the parameters of a triplet of types to variables, in the order of the fields.
     */
    void copyTriplet(const Parameters& triplet, std::initializer_list<double*> variables) const {
        auto variable = variables.begin();
        for (const TripletField<Parameters>& field : Parameters::getFields())
            **variable++ = triplet.*field.value;
    }
    /**
     * Create the force of one replica.
     */
    template <class ForceType>
    ForceType* extract(int replica) const {
        auto target = std::make_unique<ForceType>(getNumTypes());
        copyReplica(*target, replica);
        auto& others = static_cast<TripletFormForce&>(*target).triplets;
        const size_t size = others.size();
        others.assign(triplets.begin()+replica*size, triplets.begin()+(replica+1)*size);
        return target.release();
    }
private:
    std::vector<Parameters> triplets;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETFORMFORCE_H_*/
